import type { Command } from './command.ts';
import { readOptions } from './options.ts';
import { placeOptions, placeUsage, readPlace, withBucket } from './place.ts';

export const rollback: Command = {
  usage: `Usage: npx lea rollback (--out DIR | --bucket NAME) [--run NAME]

${placeUsage}
  --run NAME     the run whose champion to go back to (default: the one before the current champion)`,
  needs: [],
  prepare(args) {
    const { run, ...given } = readOptions(args, { ...placeOptions, run: { type: 'string' } });
    const place = readPlace(given);
    return () =>
      withBucket(place, async (objects) => {
        const { rollBack } = await import('#lib/promotion/champion.ts');
        const { champion, previous, changed } = await rollBack(objects, { run, now: new Date() });
        if (changed && 'out' in place) {
          const { renewFilesIfThere } = await import('../artefacts/export.ts');
          await renewFilesIfThere(objects, place.out);
        }
        const now = `${champion.name} of run ${champion.run}`;
        console.log(
          changed
            ? `${now} is in service again, in place of ${previous?.name} of run ${previous?.run}.`
            : `${now} is the champion already.`,
        );
        return 0;
      });
  },
};
