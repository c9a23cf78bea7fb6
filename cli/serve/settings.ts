import * as z from 'zod';
import { type ServingConfig, servingConfig } from '#lib/contracts/config/serving.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { everybodyLatest } from '#lib/sequences/everybody-files.ts';
import type { Objects } from '#platform/objects.ts';

/** As much of a run's configuration as answering needs. */
const asRun = z.looseObject({ operations: z.looseObject({ serving: servingConfig }).optional() });

/** How answers are to be made, by the configuration of the newest night; the defaults where there is none. */
export async function servingSettings(objects: Objects): Promise<ServingConfig> {
  const latest = await objects.getVersion(serving.everybody, everybodyLatest);
  const run = latest?.value.run;
  const config = run === undefined ? undefined : await objects.getVersion(runs.config(run), asRun);
  return config?.value.operations?.serving ?? servingConfig.parse({});
}
