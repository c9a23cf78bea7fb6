import { parseArgs } from 'node:util';
import { ValidationError } from '#lib/contracts/errors.ts';
import { rollBack } from '#lib/promotion/champion.ts';
import { createS3Client } from '#platform/clients.ts';
import { createObjects } from '#platform/objects.ts';
import type { Command } from './command.ts';

export const rollback: Command = {
  name: 'rollback',
  summary: 'put an earlier champion back into service',
  usage: `Usage: npx lea rollback --bucket NAME [--run NAME]

  --bucket NAME  the data bucket (stack output DataBucketName)
  --run NAME     the run whose champion to go back to (default: the one before the current champion)`,
  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: { bucket: { type: 'string' }, run: { type: 'string' } },
    });
    if (values.bucket === undefined)
      throw new ValidationError(`--bucket is needed.\n\n${this.usage}`);
    const { champion, previous, changed } = await rollBack(
      createObjects(createS3Client(), values.bucket),
      { run: values.run, now: new Date() },
    );
    const now = `${champion.name} of run ${champion.run}`;
    console.log(
      changed
        ? `${now} is in service again, in place of ${previous?.name} of run ${previous?.run}.`
        : `${now} is the champion already.`,
    );
    return 0;
  },
};
