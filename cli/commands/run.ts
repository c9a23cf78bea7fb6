import { resolve } from 'node:path';
import { nameRun } from '#lib/contracts/run.ts';
import { expandFiles } from '../data/expand-files.ts';
import { nightConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

/** The nightly pipeline on this machine, for anybody's data. */
export const run: Command = {
  usage: `Usage: npx lea run --interactions FILE --items FILE --out DIR
                   [--config FILE] [--run NAME] [--base-model DIR] [--lists]

  --interactions FILE  CSV, JSON lines or an array, Parquet, also compressed (.gz, .zst): user_id, item_id, timestamp,
                       event_type?, value?, or what the configuration maps to them (\`lea init\` proposes it);
                       or a folder of such files, or a pattern in quotes ('days/*.csv.gz')
  --items FILE         the same formats: item_id, title, any other text fields
  --config FILE        pipeline configuration; what it does not mention is as in config/one-machine.json
                       (two layers of the language model, so that two processor cores suffice)
  --out DIR            where the one-machine cloud keeps its objects, and the summary and report go.
                       The same DIR again is the next night: its champion is the one to beat.
                       A run that was interrupted is taken up where it stopped.
  --run NAME           name of the run (default: today's date)
  --base-model DIR     Hugging Face folder of the causal language model that environment.baseModel names
                       (default: the small one that the set-up prepared)
  --lists              everybody's list in DIR/files/lists.csv, of up to 50,000 users, after this night and all later ones`,
  needs: ['TensorFlow', 'Python'],
  prepare(args) {
    const options = readOptions(args, {
      interactions: { type: 'string' },
      items: { type: 'string' },
      config: { type: 'string' },
      out: { type: 'string' },
      run: { type: 'string' },
      'base-model': { type: 'string' },
      lists: { type: 'boolean' },
    });
    const { interactions, items, out, run: name } = options;
    if (interactions === undefined || items === undefined || out === undefined) {
      throw new UsageError('--interactions, --items and --out are needed.');
    }
    const request = {
      interactions: expandFiles(interactions),
      items: expandFiles(items),
      ...nightConfig(options.config),
      out: resolve(out),
      run: name === undefined ? undefined : nameRun(name, null, 'UTC', new Date()),
      baseModel: options['base-model'],
      lists: options.lists,
      startedAt: Number(process.env.LEA_STARTED_AT ?? Date.now()),
    };
    return async () => {
      const { runNight } = await import('../one-machine/night.ts');
      const night = await runNight(request);
      return night.status === 'succeeded' ? 0 : 1;
    };
  },
};
