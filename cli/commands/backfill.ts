import { resolve } from 'node:path';
import { expandFiles } from '../data/expand-files.ts';
import { nightConfig } from '../one-machine/config.ts';
import type { Command } from './command.ts';
import { readFilesAndOptions, UsageError } from './options.ts';
import { placeOptions, placeUsage, readPlace } from './place.ts';

export const backfill: Command = {
  usage: `Usage: npx lea backfill FILE... [--items FILE] (--out DIR [--config FILE] | --bucket NAME)

Uploads a history of many files, the catalogue first, then the logs in the order in which they are given (those of a folder by
name), waits until ingestion has reported on all of them and says what it took. Interrupted or refused, the same command goes
on: what is uploaded is not uploaded again. No night begins; \`lea start\` does that, and the schedule.

  FILE...        files of interactions, folders of them, or patterns in quotes ('days/*.csv.gz')
  --items FILE   files of the catalogue, likewise
${placeUsage}
  --config FILE  with --out, pipeline configuration (default: that of the folder, or config/one-machine.json)
  --journal FILE with --bucket, what has been uploaded (default: lea-backfill-<bucket>.json in the current folder)`,
  needs: [],
  prepare(args) {
    const { files, items, config, journal, ...given } = readFilesAndOptions(args, {
      ...placeOptions,
      items: { type: 'string' },
      config: { type: 'string' },
      journal: { type: 'string' },
    });
    const place = readPlace(given);
    if (files.length === 0 && items === undefined) {
      throw new UsageError('A file of interactions, or --items FILE, is needed.');
    }
    const history = {
      items: items === undefined ? [] : expandFiles(items),
      interactions: files.flatMap(expandFiles),
    };
    if ('out' in place) {
      if (journal !== undefined) throw new UsageError('--journal belongs to --bucket.');
      const out = resolve(place.out);
      const wanted = config === undefined ? undefined : nightConfig(config).configText;
      return async () => {
        const { backfillHere } = await import('../one-machine/backfill.ts');
        const { readNight } = await import('../one-machine/night-file.ts');
        const configText = wanted ?? readNight(out)?.config ?? nightConfig(undefined).configText;
        return backfillHere({ out, configText }, history);
      };
    }
    if (config !== undefined) {
      throw new UsageError('--config belongs to --out: a deployment has its configuration.');
    }
    return async () => {
      const { withBucket } = await import('./place.ts');
      const { backfillBucket } = await import('../one-machine/backfill.ts');
      return withBucket(place, (objects) =>
        backfillBucket(objects, history, resolve(journal ?? `lea-backfill-${objects.bucket}.json`)),
      );
    };
  },
};
