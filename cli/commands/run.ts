import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { ValidationError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { nameRun } from '#lib/contracts/run.ts';
import { endings, formatOf, leftoverOf } from '#lib/interactions/upload-plan.ts';
import { nightConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

/** The nightly pipeline on this machine, for anybody's data. */
export const run: Command = {
  usage: `Usage: npx lea run --interactions FILE --items FILE --out DIR
                   [--config FILE] [--run NAME] [--base-model DIR]

  --interactions FILE  JSON lines or CSV (.jsonl, .ndjson, .json, .csv), optionally gzipped (.gz behind it):
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
  needs: ['TensorFlow', 'Python'],
  prepare(args) {
    const options = readOptions(args, {
      interactions: { type: 'string' },
      items: { type: 'string' },
      config: { type: 'string' },
      out: { type: 'string' },
      run: { type: 'string' },
      'base-model': { type: 'string' },
    });
    const { interactions, items, out, run: name } = options;
    if (interactions === undefined || items === undefined || out === undefined) {
      throw new UsageError('--interactions, --items and --out are needed.');
    }
    const request = {
      interactions: uploadable(interactions),
      items: uploadable(items),
      ...nightConfig(options.config),
      out: resolve(out),
      run: name === undefined ? undefined : nameRun(name, null, 'UTC', new Date()),
      baseModel: options['base-model'],
      startedAt: Number(process.env.LEA_STARTED_AT ?? Date.now()),
    };
    return async () => {
      const { runNight } = await import('../one-machine/night.ts');
      const night = await runNight(request);
      return night.status === 'succeeded' ? 0 : 1;
    };
  },
};

/**
 * A file's path, if ingestion reads files of that name.
 *
 * @throws ValidationError when there is none, or ingestion would refuse or ignore it
 */
function uploadable(file: string): string {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new ValidationError(`There is no file ${file}.`);
  }
  const leftover = leftoverOf(uploads.logsPrefix + basename(file));
  if (leftover !== undefined) {
    throw new ValidationError(`${file}: ingestion ignores it, for ${leftover}. Rename it.`);
  }
  if (formatOf(file) === undefined) {
    throw new ValidationError(
      `${file}: the name must end in ${endings}, so that its format is known.`,
    );
  }
  return resolve(file);
}
