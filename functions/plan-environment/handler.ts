import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import { askingInstances } from '#lib/cost/parts.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import { planEnvironment } from './decide.ts';
import { countRun, priceRun, refuseTooMuch } from './price.ts';
import { reuseOf } from './reuse.ts';

const objects = dataBucket();

/** Before anything expensive starts: what will the run cost, and does it need a new environment? */
export const handler = instrument(z.strictObject({ run: runName }), async ({ run }, { logger }) => {
  const config = await readRunConfig(objects, run);
  const sequences = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const counts = await countRun(objects, run, config, sequences);
  refuseTooMuch(config, counts);
  const decision = await planEnvironment(objects, run, config, sequences, new Date());
  const reuse = await reuseOf(objects, run, counts, decision);
  const { usd, parts } = await priceRun(objects, run, config, counts, reuse);
  const instances = askingInstances(parts);
  logger.info('environment planned', { run, ...decision, instances, usd });
  return { ...decision, instances };
});
