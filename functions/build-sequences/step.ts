import * as z from 'zod';
import { runName } from '#lib/contracts/run.ts';
import type { Objects } from '#platform/objects.ts';
import { collectBucket } from './buckets/collect.ts';
import { countItems } from './buckets/count.ts';
import { cutOut } from './buckets/cut.ts';
import { filterBucket, settleCore } from './buckets/filter.ts';
import { joinBuckets } from './buckets/join.ts';
import { readNight } from './buckets/night.ts';
import { buildOrPlan } from './build.ts';
import { pointTo } from './point-to.ts';

const number = z.int().min(0);
const asked = { run: runName };
const ofBucket = { ...asked, bucket: number };
const ofAll = { ...asked, buckets: z.int().min(1) };

/** One step of building a run's sequences (`stacks/retraining/sequences-states.ts` has their order). */
export const sequencesStep = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('build'), ...asked }),
  z.strictObject({ step: z.literal('collect'), ...ofBucket }),
  z.strictObject({ step: z.literal('count'), ...ofAll }),
  z.strictObject({ step: z.literal('filter'), ...ofBucket, round: number }),
  z.strictObject({ step: z.literal('settle'), ...ofAll, round: number }),
  z.strictObject({ step: z.literal('cut'), ...ofBucket, round: number }),
  z.strictObject({ step: z.literal('join'), ...ofAll }),
]);

/** Takes a step. Every one can be taken twice: what it writes follows from what it reads. */
export async function takeStep(
  objects: Objects,
  step: z.infer<typeof sequencesStep>,
): Promise<object> {
  const night = await readNight(objects, step.run);
  switch (step.step) {
    case 'build':
      return buildOrPlan(objects, night);
    case 'collect':
      await collectBucket(objects, night, step.bucket);
      return {};
    case 'count':
      await countItems(objects, night, step.buckets);
      return {};
    case 'filter':
      await filterBucket(objects, night, step.bucket, step.round);
      return {};
    case 'settle':
      return { isSettled: await settleCore(objects, night, step.buckets, step.round) };
    case 'cut':
      await cutOut(objects, night, step.bucket, step.round);
      return {};
    case 'join':
      await joinBuckets(objects, night, step.buckets);
      await pointTo(objects, night.manifest);
      return {};
  }
}
