import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { placeOptions, placeUsage, readPlace, withBucket } from './place.ts';

export const approve: Command = {
  usage: `Usage: npx lea approve (--out DIR | --bucket NAME) --upload ID

Lets a large change of the catalogue take effect, with the next night.

${placeUsage}
  --upload ID    the upload that waits (its report and the event "Upload Waiting" name it)`,
  needs: [],
  prepare(args) {
    const { upload, ...given } = readOptions(args, { ...placeOptions, upload: { type: 'string' } });
    const place = readPlace(given);
    if (upload === undefined) throw new UsageError('--upload is needed.');
    return () =>
      withBucket(place, async (objects) => {
        const { approveUpload } = await import('#lib/interactions/approval.ts');
        const isNew = await approveUpload(objects, upload, new Date());
        console.log(
          isNew
            ? `${upload} is approved: the next night uses it.`
            : `${upload} has been approved before.`,
        );
        return 0;
      });
  },
};
