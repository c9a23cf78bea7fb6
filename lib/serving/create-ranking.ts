import * as tf from '@tensorflow/tfjs-core';
import { AllScores } from './all-scores.ts';
import { BoundedScores } from './bounded-scores.ts';
import type { Prior } from './prior.ts';
import type { Ranking } from './ranking.ts';
import type { Served } from './served-model.ts';

/** From about this many items on, bounds are faster than all scores (measured, docs/deploy.md). */
const usuallyBoundedFrom = 10_000;

/**
 * What ranks a model's items on the active TF.js backend. Lists are the same to the last bit, whichever it is.
 *
 * @param boundedFrom items from which on most are passed over by bounds, on WebAssembly
 */
export function createRanking(
  served: Served,
  prior: Prior,
  boundedFrom: number = usuallyBoundedFrom,
): Ranking {
  const isBounded = tf.getBackend() === 'wasm' && served.items >= boundedFrom;
  return (isBounded ? BoundedScores.of(served, prior) : undefined) ?? new AllScores(served, prior);
}
