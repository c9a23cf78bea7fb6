import type { Command } from './command.ts';
import { readOptions } from './options.ts';
import { lookIntoBucket, placeOptions, placeUsage, readPlace } from './place.ts';

/** Nights and uploads that are told about. */
const newest = 10;

export const status: Command = {
  usage: `Usage: npx lea status (--out DIR | --bucket NAME) [--json]

${placeUsage}
  --json         the same for programs, with the reports of the newest ${newest} uploads`,
  needs: [],
  prepare(args) {
    const { json, ...given } = readOptions(args, {
      ...placeOptions,
      json: { type: 'boolean', default: false },
    });
    const place = readPlace(given);
    return () =>
      lookIntoBucket(place, async (objects) => {
        const { describeStatus, readStatus } = await import('../artefacts/status.ts');
        const found = await readStatus(objects, newest);
        console.log(json ? JSON.stringify(found, null, 2) : describeStatus(found));
        return 0;
      });
  },
};
