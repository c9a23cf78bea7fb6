import { enableProdMode } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import type { Champion } from '#lib/contracts/champion.ts';
import { serving } from '#lib/contracts/keys.ts';
import type { ReadableObjects } from '#lib/contracts/objects.ts';
import { activateBackend } from './backend.ts';
import { Recommender } from './recommender.ts';

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

/**
 * Loads the model that a champion pointer names.
 *
 * @param batch histories that are scored at once
 * @throws MissingArtefactError or ContractError when its files are not there or not as they should be
 */
export async function loadRecommender(
  objects: ReadableObjects,
  champion: Champion,
  batch: number,
): Promise<Recommender> {
  const keys = serving.modelFiles(champion.prefix);
  const [description, weights, vocabulary] = await Promise.all([
    objects.getJson(keys.description, z.unknown()),
    objects.getBytes(keys.weights),
    objects.getJson(keys.vocabulary, z.unknown()),
  ]);
  return new Recommender({ description, weights, vocabulary }, { batch });
}
