import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BlendedNetwork } from '#lib/evaluation/network-blend.ts';
import { encodeInts } from '#lib/evaluation/ranks.ts';
import type { EpochRecord } from '#lib/recommender/checkpoint.ts';
import { drawLearningCurve } from '#lib/recommender/learning-curve.ts';
import { encodeParameters, type TrainedParameters } from '#lib/recommender/parameters-file.ts';
import { encodeNetwork } from './blend-files.ts';
import { writeChunks } from './checkpoints.ts';

/** Writes `model.json`, `weights.bin` and `vocabulary.json` (item ids, item `i` at place `i - 1`). */
export function writeModel(
  folder: string,
  model: BlendedNetwork,
  itemIds: readonly string[],
): void {
  const { description, weights } = encodeNetwork(model);
  write(folder, 'model.json', json(description));
  write(folder, 'weights.bin', weights);
  write(folder, 'vocabulary.json', JSON.stringify(itemIds));
}

/** Writes `parameters.bin`: all parameters of the best epoch, from which the model can be fitted on. */
export function writeParameters(
  folder: string,
  trained: TrainedParameters,
  dataHash: string,
): void {
  mkdirSync(folder, { recursive: true });
  writeChunks(join(folder, 'parameters.bin'), encodeParameters(trained, dataHash));
}

/** Writes `ranks/<split>.bin`, little-endian int32, one per case. */
export function writeRanks(
  folder: string,
  split: 'validation' | 'test' | 'arrived',
  ranks: Int32Array,
): void {
  write(folder, `ranks/${split}.bin`, encodeInts(ranks));
}

/** Writes `lists/<split>.bin`, little-endian int32: the first items of each case's list, 0 where there are no more. */
export function writeLists(folder: string, split: 'validation' | 'test', lists: Int32Array): void {
  write(folder, `lists/${split}.bin`, encodeInts(lists));
}

/** Writes the learning curve as numbers and as a picture. */
export function writeLearningCurve(
  folder: string,
  name: string,
  curve: readonly EpochRecord[],
  bestEpoch: number,
): void {
  write(folder, 'learning-curve.json', json({ bestEpoch, epochs: curve }));
  write(folder, 'learning-curve.svg', drawLearningCurve(name, curve, bestEpoch));
}

/** Writes `manifest.json`; last, since its presence says that the model is complete. */
export function writeManifest(folder: string, manifest: Readonly<Record<string, unknown>>): void {
  write(folder, 'manifest.json', json(manifest));
}

function write(folder: string, name: string, content: string | Uint8Array): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
