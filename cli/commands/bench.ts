import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ValidationError } from '#lib/contracts/errors.ts';
import { root } from '../../setup/paths.mjs';
import type { Command } from './command.ts';
import { runProgram } from './program.ts';

export const bench: Command = {
  name: 'bench',
  summary: 'run one benchmark of bench/ beside its peer',
  usage: `Usage: npm run bench -- NAME [options]

Prints JSON lines {bench, case, metric, value, unit, peer, peerValue, ratio}; a ratio above 1 is better than the peer.`,
  async run([name, ...rest]) {
    const available = readdirSync(join(root, 'bench'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => file.slice(0, -3));
    if (name === undefined || !existsSync(join(root, 'bench', `${name}.ts`))) {
      throw new ValidationError(
        `There is no bench "${name ?? ''}"; there are: ${available.join(', ')}.`,
      );
    }
    return runProgram(`bench/${name}.ts`, rest);
  },
};
