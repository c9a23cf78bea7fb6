import { resolve } from 'node:path';
import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { lookIntoBucket, placeOptions, placeUsage, readPlace } from './place.ts';

/** The artefacts as files. */
export const exportCommand: Command = {
  usage: `Usage: npx lea export (--out DIR | --bucket NAME) --to FOLDER [--run NAME]

Copies into FOLDER, each object under its key: the model in service, a night's report and figures, the lists made after
it, and the reports and quarantined rows of all uploads. lists.csv has ten items for everybody whom the newest night has met,
if those are no more than 50,000 users (\`lea recommend --all\` has no such limit).

${placeUsage}
  --to FOLDER    where the files go; those of the same name are replaced
  --run NAME     the night (default: the newest)`,
  needs: [],
  prepare(args) {
    const { to, run, ...given } = readOptions(args, {
      ...placeOptions,
      to: { type: 'string' },
      run: { type: 'string' },
    });
    const place = readPlace(given);
    if (to === undefined) throw new UsageError('--to is needed.');
    return () =>
      lookIntoBucket(place, async (objects) => {
        const { exportArtefacts } = await import('../artefacts/export.ts');
        const { Progress, tellUsers } = await import('../one-machine/progress.ts');
        const progress = new Progress(Date.now(), process.stderr);
        const options = { run, onUsers: tellUsers(progress) };
        const { files, bytes, users } = await exportArtefacts(objects, resolve(to), options);
        progress.clear();
        const lists = users === 0 ? '' : ` lists.csv has the lists of ${users} users.`;
        console.log(`${files} files, ${(bytes / 1e6).toFixed(1)} MB, are in ${to}.${lists}`);
        return 0;
      });
  },
};
