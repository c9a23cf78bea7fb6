import { enableProdMode } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import type { Champion } from '#lib/contracts/champion.ts';
import { serving } from '#lib/contracts/keys.ts';
import type { ReadableObjects, VersionedObjects } from '#lib/contracts/objects.ts';
import {
  decodeFreshCounts,
  type FreshCounts,
  freshCountsFile,
} from '#lib/popularity/fresh-counts.ts';
import { activateBackend } from './backend.ts';
import { Recommender, type RecommenderOptions } from './recommender.ts';

/**
 * Activates TensorFlow.js without a native library: on WebAssembly where the layer `layers/tensorflow` has put its
 * kernels, else in plain JavaScript.
 *
 * @param wasmFolder of the `.wasm` files, with a final slash; undefined where there are none
 */
export async function activateTensorflow(wasmFolder: string | undefined): Promise<void> {
  // Without the advice to install the native library.
  enableProdMode();
  if (wasmFolder === undefined) await activateBackend('cpu');
  else await activateBackend('wasm', wasmFolder);
}

/** The counts of what everybody has taken of late; undefined while nothing has been counted. */
export async function loadCounts(
  objects: Pick<VersionedObjects, 'getVersion'>,
): Promise<FreshCounts | undefined> {
  const read = await objects.getVersion(serving.freshCounts, freshCountsFile);
  return read && decodeFreshCounts(read.value);
}

/**
 * Loads the model that a champion pointer names.
 *
 * @throws MissingArtefactError or ContractError when its files are not there or not as they should be
 */
export async function loadRecommender(
  objects: ReadableObjects,
  champion: Pick<Champion, 'serving'>,
  options: RecommenderOptions,
): Promise<Recommender> {
  const keys = serving.modelFiles(champion.serving);
  const [description, weights, vocabulary] = await Promise.all([
    objects.getJson(keys.description, z.unknown()),
    objects.getBytes(keys.weights),
    objects.getJson(keys.vocabulary, z.unknown()),
  ]);
  return new Recommender({ description, weights, vocabulary }, options);
}
