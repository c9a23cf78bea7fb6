import type { Command } from './command.ts';
import { readOptions } from './options.ts';
import { lookIntoBucket, placeOptions, placeUsage, readPlace } from './place.ts';

export const runsCommand: Command = {
  usage: `Usage: npx lea runs (--out DIR | --bucket NAME) [--json]

All nights that are kept, the newest first: when they began, how long they took, how they ended.

${placeUsage}
  --json         the same for programs`,
  needs: [],
  prepare(args) {
    const { json, ...given } = readOptions(args, {
      ...placeOptions,
      json: { type: 'boolean', default: false },
    });
    const place = readPlace(given);
    return () =>
      lookIntoBucket(place, async (objects) => {
        const { listNights } = await import('../artefacts/nights.ts');
        const { nightsTable } = await import('../artefacts/status.ts');
        const nights = await listNights(objects);
        console.log(json ? JSON.stringify(nights, null, 2) : nightsTable(nights).join('\n'));
        return 0;
      });
  },
};
