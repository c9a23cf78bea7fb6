import * as z from 'zod';
import { readAllActions } from '#functions/shared/shards.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import type { RefitManifest } from '#lib/promotion/refit.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import { fitOnStream } from '#lib/sequences/passes.ts';
import { decodeBlend, encodeBlend } from '#lib/serving/blend-file.ts';
import { fitRivalAnew } from '#lib/serving/rival-refit.ts';
import type { Objects } from '#platform/objects.ts';

/** Counts a rival on all actions of a run and writes its files beside those that were judged, the manifest last. */
export async function recountRival(objects: Objects, run: string, name: string): Promise<void> {
  const judged = serving.modelFiles(runs.modelPrefix(run, name));
  const [json, bytes, vocabulary, manifest] = await Promise.all([
    objects.getJson(judged.description, z.unknown()),
    objects.getBytes(judged.weights),
    objects.getJson(judged.vocabulary, z.array(z.string())),
    objects.getJson(runs.sequencesManifest(run), sequencesManifest),
  ]);
  const { dataHash } = manifest;
  const counted = await fitOnStream(
    () => readAllActions(objects, run, manifest),
    fitRivalAnew(decodeBlend(json, bytes), manifest),
  );
  const { description, weights } = encodeBlend(counted);
  const files = serving.modelFiles(runs.refittedPrefix(run, name));
  await objects.putBytes(files.weights, weights);
  await objects.putJson(files.vocabulary, vocabulary);
  await objects.putJson(files.description, description);
  const written: RefitManifest = { task: 'refit', run, name, passes: null, dataHash };
  await objects.putJson(runs.refittedManifest(run, name), written);
}
