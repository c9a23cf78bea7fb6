import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';

export const rollback: Command = {
  usage: `Usage: npx lea rollback --bucket NAME [--run NAME]

  --bucket NAME  the data bucket (stack output DataBucketName)
  --run NAME     the run whose champion to go back to (default: the one before the current champion)`,
  needs: [],
  prepare(args) {
    const { bucket, run } = readOptions(args, {
      bucket: { type: 'string' },
      run: { type: 'string' },
    });
    if (bucket === undefined) throw new UsageError('--bucket is needed.');
    return async () => {
      const { rollBack } = await import('#lib/promotion/champion.ts');
      const { createS3Client } = await import('#platform/clients.ts');
      const { createObjects } = await import('#platform/objects.ts');
      const { champion, previous, changed } = await rollBack(
        createObjects(createS3Client(), bucket),
        { run, now: new Date() },
      );
      const now = `${champion.name} of run ${champion.run}`;
      console.log(
        changed
          ? `${now} is in service again, in place of ${previous?.name} of run ${previous?.run}.`
          : `${now} is the champion already.`,
      );
      return 0;
    };
  },
};
