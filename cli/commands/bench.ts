import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../setup/paths.mjs';
import type { Command } from './command.ts';
import { UsageError } from './options.ts';

export const bench: Command = {
  usage: `Usage: npm run bench -- NAME [options]

Prints JSON lines {bench, case, metric, value, unit, peer, peerValue, ratio}; a ratio above 1 is better than the peer.`,
  needs: ['TensorFlow', 'Python'],
  prepare([name = '', ...rest]) {
    if (!existsSync(join(root, 'bench'))) {
      throw new UsageError('Benchmarks come with the repository, not with the installed package.');
    }
    const available = readdirSync(join(root, 'bench'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => file.slice(0, -3));
    if (!available.includes(name)) {
      throw new UsageError(`There is no bench "${name}"; there are: ${available.join(', ')}.`);
    }
    const program = join(root, 'bench', `${name}.ts`);
    return async () => {
      // A program of its own, as far as it can see.
      process.argv = [process.execPath, program, ...rest];
      await import(program);
      return Number(process.exitCode ?? 0);
    };
  },
};
