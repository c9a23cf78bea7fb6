import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ValidationError } from '#lib/contracts/errors.ts';
import { nightConfig } from '../one-machine/config.ts';
import { runNight } from '../one-machine/night.ts';
import type { Command } from './command.ts';

/** The nightly pipeline on this machine, for anybody's data. */
export const run: Command = {
  name: 'run',
  summary: 'run the whole pipeline on this machine, on your own data',
  usage: `Usage: npx lea run --interactions FILE --items FILE --out DIR
                   [--config FILE] [--run NAME] [--base-model DIR]

  --interactions FILE  JSON lines or CSV, optionally gzipped (.jsonl, .csv, .jsonl.gz, .csv.gz):
                       user_id, item_id, timestamp, event_type?, value?
  --items FILE         the same formats: item_id, title, any other text fields
  --config FILE        pipeline configuration; what it does not mention is as in config/one-machine.json
                       (two layers of the language model, so that two processor cores suffice)
  --out DIR            where the one-machine cloud keeps its objects, and the summary and report go.
                       The same DIR again is the next night: its champion is the one to beat.
                       A run that was interrupted is taken up where it stopped.
  --run NAME           name of the run (default: today's date)
  --base-model DIR     Hugging Face folder of the causal language model that environment.baseModel names
                       (default: the small one that the set-up prepared)`,
  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        interactions: { type: 'string' },
        items: { type: 'string' },
        config: { type: 'string' },
        out: { type: 'string' },
        run: { type: 'string' },
        'base-model': { type: 'string' },
      },
    });
    const { interactions, items, out } = values;
    if (interactions === undefined || items === undefined || out === undefined) {
      throw new ValidationError(`--interactions, --items and --out are needed.\n\n${this.usage}`);
    }
    const night = await runNight({
      interactions: existing(interactions),
      items: existing(items),
      ...nightConfig(values.config),
      out: resolve(out),
      run: values.run,
      baseModel: values['base-model'],
      startedAt: Number(process.env.LEA_STARTED_AT ?? Date.now()),
    });
    return night.status === 'succeeded' ? 0 : 1;
  },
};

function existing(file: string): string {
  if (!existsSync(file)) throw new ValidationError(`There is no file ${file}.`);
  if (!/\.(jsonl|csv)(\.gz)?$/.test(file)) {
    throw new ValidationError(
      `${file}: the name must end in .jsonl, .csv, .jsonl.gz or .csv.gz, so that its format is known.`,
    );
  }
  return resolve(file);
}
