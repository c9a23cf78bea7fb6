import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { PipelineError } from '#lib/contracts/errors.ts';
import { forgetRequested } from './requests.ts';

/** Left to end the object at hand and to write down how far it came. */
const reserveMilliseconds = 120_000;

const objects = dataBucket();

/** Forgets the users that objects below `deletions/requests/` name: when one arrives, and every quarter of an hour while one waits. */
export const handler = instrument(
  z.strictObject({ reason: z.enum(['request', 'schedule']) }),
  async ({ reason }, { logger, requestId, remainingMilliseconds }) => {
    const time = Math.max(0, remainingMilliseconds() - reserveMilliseconds);
    const signal = AbortSignal.timeout(time);
    const attempt = { attempt: requestId, now: () => new Date(), signal };
    const { done, waiting, failures } = await forgetRequested(objects, attempt);
    const deletions = done.map(({ deletion }) => deletion);
    logger.info('requests gone through', { reason, deletions, waiting, failed: failures.length });
    if (failures.length > 0) {
      const message = failures.map((failure) => failure.message).join('; ');
      throw new PipelineError('DeletionFailed', message, { cause: failures[0] });
    }
    return { done: deletions, waiting };
  },
);
