import * as z from 'zod';
import { readAllActions } from '#functions/shared/shards.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import type { RefitManifest } from '#lib/promotion/refit.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeBlend, encodeBlend } from '#lib/serving/blend-file.ts';
import { refitRival } from '#lib/serving/rival-refit.ts';
import type { Objects } from '#platform/objects.ts';

/** Counts a rival on all actions of a run and writes its files beside those that were judged, the manifest last. */
export async function recountRival(objects: Objects, run: string, name: string): Promise<void> {
  const judged = serving.modelFiles(runs.modelPrefix(run, name));
  const [json, bytes, vocabulary, items, manifest] = await Promise.all([
    objects.getJson(judged.description, z.unknown()),
    objects.getBytes(judged.weights),
    objects.getJson(judged.vocabulary, z.array(z.string())),
    objects.getBytes(runs.itemTable(run)),
    objects.getJson(runs.sequencesManifest(run), sequencesManifest),
  ]);
  const shards = await readAllActions(objects, run, manifest);
  const { baskets, dataHash } = manifest;
  const all = { itemTable: decodeItemTable(items), shards, baskets };
  const { description, weights } = encodeBlend(refitRival(decodeBlend(json, bytes), all));
  const files = serving.modelFiles(runs.refittedPrefix(run, name));
  await objects.putBytes(files.weights, weights);
  await objects.putJson(files.vocabulary, vocabulary);
  await objects.putJson(files.description, description);
  const written: RefitManifest = { task: 'refit', run, name, passes: null, dataHash };
  await objects.putJson(runs.refittedManifest(run, name), written);
}
