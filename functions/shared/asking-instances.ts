import * as z from 'zod';
import { runs } from '#lib/contracts/keys.ts';
import { askingInstances } from '#lib/cost/parts.ts';
import type { Objects } from '#platform/objects.ts';

/** As much of `cost.json` as is told. */
const costFile = z.looseObject({
  parts: z.array(z.looseObject({ instances: z.int().min(1).optional() })),
});

/** How many instances a run's endpoint has, by its estimate; 1 where there is none. */
export async function readAskingInstances(objects: Objects, run: string): Promise<number> {
  const found = await objects.getVersion(runs.cost(run), costFile);
  return found === undefined ? 1 : askingInstances(found.value.parts);
}
