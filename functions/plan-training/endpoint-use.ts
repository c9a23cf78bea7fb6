import * as z from 'zod';
import { runs } from '#lib/contracts/keys.ts';
import type { PaidUse } from '#lib/cost/bill.ts';
import type { Objects } from '#platform/objects.ts';

/** The environment's endpoint, which has been asked by now; null where none was. */
export const endpointUse = z
  .strictObject({ instanceType: z.string().min(1), seconds: z.number().min(0) })
  .nullable();

/** Records for how long an attempt had an endpoint. @param resource the attempt's name */
export async function recordEndpoint(
  objects: Objects,
  run: string,
  resource: string,
  endpoint: z.infer<typeof endpointUse>,
): Promise<void> {
  if (endpoint === null) return;
  const used: PaidUse = { kind: 'ask', ...endpoint };
  await objects.putJson(runs.paid(run, `${resource}-environment`), used);
}
