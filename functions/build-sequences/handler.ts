import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { expectShards } from '#lib/contracts/limits.ts';
import { runManifest, runName } from '#lib/contracts/run.ts';
import { readNights } from '#lib/promotion/nights.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { encodeCatalogue } from '#lib/sequences/catalogue-table.ts';
import { collectInteractions } from '#lib/sequences/interaction-log.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { countAnew } from './count-anew.ts';
import { pointTo } from './point-to.ts';
import { readCatalogue, readInteractions } from './read.ts';

const objects = dataBucket();

/** Turns the run's snapshot of interactions into vocabulary, training shards and held-out cases. */
export const handler = instrument(z.strictObject({ run: runName }), async ({ run }, { logger }) => {
  const manifest = await objects.getJson(runs.manifest(run), runManifest);
  const built = await objects.getVersion(runs.sequencesManifest(run), sequencesManifest);
  if (built !== undefined) return pointTo(objects, manifest).then(() => built.value);
  const config = await readRunConfig(objects, run);
  const log = await collectInteractions(readInteractions(objects, manifest.inputs.interactions), {
    ...config.interactions,
    catalogue: await readCatalogue(objects, manifest.inputs.items),
  });
  const [last] = await readNights(objects, run);
  const sequences = buildSequences(log, config.sequences, last?.until);
  expectShards(sequences.shards.length, config.sequences.shardItems);
  if (log.catalogue) await objects.putBytes(runs.catalogue(run), encodeCatalogue(log.catalogue));
  await countAnew(objects, manifest, sequences.everybody);
  await writeSequences(objects, run, sequences);
  await pointTo(objects, manifest);
  logger.info('sequences built', { run, ...sequences.manifest });
  return sequences.manifest;
});
