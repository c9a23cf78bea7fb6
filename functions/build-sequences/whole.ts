import { readCatalogue } from '#functions/shared/catalogue.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { expectShards } from '#lib/contracts/limits.ts';
import type { RunManifest } from '#lib/contracts/run.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { encodeCatalogue } from '#lib/sequences/catalogue-table.ts';
import { collectInteractions } from '#lib/sequences/interaction-log.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import type { Objects } from '#platform/objects.ts';
import { countAnew, countEverybody } from './count-anew.ts';
import { keepMerged } from './keep-merged.ts';
import { readInteractions } from './read.ts';

/** Builds all sequences of a run in one process. @param since as `buildSequences` has it */
export async function buildWhole(
  objects: Objects,
  manifest: RunManifest,
  config: PipelineConfig,
  since: number | undefined,
): Promise<SequencesManifest> {
  const { run, inputs } = manifest;
  const merged = await readCatalogue(objects, inputs.items);
  const log = await collectInteractions(readInteractions(objects, inputs.interactions), {
    ...config.interactions,
    catalogue: merged.items,
  });
  const sequences = buildSequences(log, config.sequences, since);
  expectShards(sequences.shards.length, config.sequences.shardItems);
  if (log.catalogue) {
    await objects.putBytes(runs.catalogue(run), encodeCatalogue(log.catalogue));
    await keepMerged(objects, manifest, merged);
  }
  const { everybody } = sequences;
  await countAnew(objects, manifest, everybody.items, countEverybody(everybody, manifest));
  await writeSequences(objects, run, sequences);
  return sequences.manifest;
}
