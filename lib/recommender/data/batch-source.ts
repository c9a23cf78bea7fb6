import { once } from '../once.ts';
import { type RandomStream, randomStream } from '../random.ts';
import { assembleBaskets, planBaskets, planPieces } from './basket-batches.ts';
import { type Batch, filler } from './batch.ts';
import type { BatchLayout } from './layout.ts';
import { assembleLines, planLines } from './line-batches.ts';
import type { PackedBatches, Placement } from './packing.ts';
import { assemblePrefixes, buildReplay, planPrefixes } from './prefix-batches.ts';
import { itemSampler, sampleItems } from './sampled-items.ts';
import type { TrainingRows } from './training-rows.ts';

/** The batches of a run. Each depends on seed, epoch and index alone, so that a resumed run gets the same. */
export interface BatchSource {
  /** Steps of an epoch, counted from 1. */
  steps(epoch: number): number;
  /** Batch `index` (from 0) of an epoch. */
  assemble(epoch: number, index: number): Batch;
}

/** What a batch source is made of; plain data, so that it can be handed to another thread. */
export interface BatchSourceOptions {
  readonly rows: TrainingRows;
  readonly layout: BatchLayout;
}

/** Makes the source that the layout asks for. */
export function createBatchSource(options: BatchSourceOptions): BatchSource {
  const { rows, layout } = options;
  const { seed, loss } = layout.model;
  // gBCE's correction takes items that are drawn alike; all else takes them by dampened popularity.
  const sampler = once(() => itemSampler(rows.counts, loss === 'gbce'));
  const random = (epoch: number, index: number) => randomStream(seed, 'batch', epoch, index);
  const complete = (batch: Batch, epoch: number, index: number) => {
    const sampled = once(() =>
      sampleItems(sampler(), layout.sampledItems, randomStream(seed, 'sampled', epoch, index)),
    );
    filler('perBatch', layout, batch)({ rows, layout, sampled });
    return batch;
  };
  if (layout.kind === 'prefixes') {
    const replay = buildReplay(rows);
    const steps = planPrefixes(replay, layout);
    return {
      steps: () => steps,
      assemble: (epoch, index) =>
        complete(assemblePrefixes(rows, replay, layout, random(epoch, index)), epoch, index),
    };
  }
  const { planEpoch, assemble } = packedBatches(rows, layout);
  let planned: { readonly epoch: number; readonly batches: PackedBatches } | undefined;
  const plan = (epoch: number) => {
    if (planned?.epoch !== epoch) planned = { epoch, batches: planEpoch(epoch) };
    return planned.batches;
  };
  return {
    steps: (epoch) => plan(epoch).length,
    assemble: (epoch, index) =>
      complete(assemble(plan(epoch).at(index), random(epoch, index)), epoch, index),
  };
}

/** How whole sequences, or those of baskets, share lines. */
function packedBatches(rows: TrainingRows, layout: BatchLayout) {
  const { seed } = layout.model;
  if (layout.kind === 'baskets') {
    const pieces = planPieces(rows, layout);
    return {
      planEpoch: (epoch: number) => planBaskets(pieces, layout, seed, epoch),
      assemble: (placements: readonly Placement[], random: RandomStream) =>
        assembleBaskets(rows, pieces, layout, placements, random),
    };
  }
  return {
    planEpoch: (epoch: number) => planLines(rows, layout, seed, epoch),
    assemble: (placements: readonly Placement[], random: RandomStream) =>
      assembleLines(rows, layout, placements, random),
  };
}
