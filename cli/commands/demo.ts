import { existsSync, renameSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { root } from '../../setup/paths.mjs';
import type { Command } from './command.ts';
import { readOptions } from './options.ts';

const example = join(root, 'examples/movietweetings');

/** The pipeline on the bundled data, from the beginning, or from where it was interrupted. */
export const demo: Command = {
  usage: `Usage: npx lea demo [--out DIR]

Runs ingestion and the nightly state machine on the bundled data and writes DIR/summary.json and the report.
Interrupted, it goes on where it stopped. Finished, it starts anew, and what was there is moved aside (DIR-1, ...).

  --out DIR      where everything goes (default: out/demo below the current folder)`,
  needs: ['TensorFlow', 'Python'],
  prepare(args) {
    const out = resolve(readOptions(args, { out: { type: 'string', default: 'out/demo' } }).out);
    return async () => {
      const { expandFiles } = await import('../data/expand-files.ts');
      const { nightConfig } = await import('../one-machine/config.ts');
      const { runNight } = await import('../one-machine/night.ts');
      const { readNight } = await import('../one-machine/night-file.ts');
      const configuration = nightConfig(join(example, 'config.json'));
      const before = readNight(out);
      const goesOn =
        before !== undefined && !before.finished && before.config === configuration.configText;
      if (existsSync(out) && !goesOn) moveAside(out);
      const night = await runNight({
        interactions: expandFiles(join(example, 'interactions.jsonl.gz')),
        items: expandFiles(join(example, 'items.jsonl.gz')),
        ...configuration,
        out,
        run: 'demo',
        startedAt: Number(process.env.LEA_STARTED_AT ?? Date.now()),
      });
      return night.status === 'succeeded' ? 0 : 1;
    };
  },
};

/** Nothing that somebody may want is deleted. */
function moveAside(folder: string): void {
  let number = 1;
  while (existsSync(`${folder}-${number}`)) number++;
  renameSync(folder, `${folder}-${number}`);
  const place = relative('.', `${folder}-${number}`);
  console.log(`The demo before is in ${place} now; remove it when you do not need it.`);
}
