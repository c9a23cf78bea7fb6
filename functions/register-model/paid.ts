import * as z from 'zod';
import { runs } from '#lib/contracts/keys.ts';
import type { PaidUse } from '#lib/cost/bill.ts';
import type { Objects } from '#platform/objects.ts';

/** A job that has ended well, and what SageMaker bills for it. */
export const paidJob = z.strictObject({
  name: z.string().min(1),
  instanceType: z.string().min(1),
  seconds: z.number().min(0),
});

/** Parts of the bill. */
const kinds = {
  environment: 'fit',
  recommender: 'train',
  refit: 'train',
  vectors: 'vectors',
} as const;

/** Records what a job was paid for; once, however often it is told. */
export async function recordJob(
  objects: Objects,
  run: string,
  kind: keyof typeof kinds,
  { name, instanceType, seconds }: z.infer<typeof paidJob>,
): Promise<void> {
  const used: PaidUse = { kind: kinds[kind], instanceType, seconds };
  await objects.putJson(runs.paid(run, name), used);
}
