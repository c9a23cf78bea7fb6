import * as tf from '@tensorflow/tfjs-core';
import type { TensorSpec } from '#lib/graph/specification.ts';
import { type EvaluationCases, historyOf } from '#lib/sequences/evaluation-cases.ts';
import type { BackboneShape, HistoryInputs } from './backbones/backbone.ts';

/** What somebody took and when he asks for a list. */
export interface DatedHistory {
  /** Item indices, the oldest first. */
  readonly items: ArrayLike<number>;
  /** Unix seconds of each; undefined if nobody knows: then nothing is older than anything else, or of one basket. */
  readonly times: ArrayLike<number> | undefined;
  /** Unix seconds of the request; undefined for that of the last action. */
  readonly request: number | undefined;
}

/** Histories one per line, right-padded with 0; what a model does not look at is left out. */
export interface HistoryArrays {
  /** int32 `[lines, time]` */
  readonly items: Int32Array;
  /** int32 `[lines]` */
  readonly lengths: Int32Array;
  /** int32 `[lines, time]`, see `HistoryInputs`. */
  readonly baskets?: Int32Array;
  readonly times?: Int32Array;
  readonly requests?: Int32Array;
}

export type Looks = Pick<BackboneShape, 'timeAttention' | 'baskets'>;

/** Shapes and types of the arrays that a model takes. */
export function historySpecs(
  shape: Looks,
  lines: number,
  time: number,
): Record<string, TensorSpec> {
  const perItem = { shape: [lines, time], dtype: 'int32' } as const;
  return {
    items: perItem,
    lengths: { shape: [lines], dtype: 'int32' },
    ...(shape.baskets && { baskets: perItem }),
    ...(shape.timeAttention && { times: perItem, requests: perItem }),
  };
}

/**
 * @param lines at least as many as histories; the rest is empty
 * @param time items that a line takes; of longer histories the last ones
 */
export function historyArrays(
  shape: Looks,
  histories: readonly DatedHistory[],
  lines: number,
  time: number,
): HistoryArrays {
  const perItem = () => new Int32Array(lines * time);
  const arrays = {
    items: perItem(),
    lengths: new Int32Array(lines),
    ...(shape.baskets && { baskets: perItem() }),
    ...(shape.timeAttention && { times: perItem(), requests: perItem() }),
  };
  histories.forEach(({ items, times, request }, line) => {
    const first = Math.max(0, items.length - time);
    const length = items.length - first;
    const begin = line * time;
    arrays.lengths[line] = length;
    for (let at = 0; at < length; at++) arrays.items[begin + at] = items[first + at]!;
    const own = times && Float64Array.from({ length }, (_, at) => times[first + at]!);
    // What is behind a history comes after all of its baskets, so that nothing looks at it.
    arrays.baskets?.fill(time, begin + length, begin + time);
    arrays.baskets?.set(
      own ? basketNumbers(own) : Int32Array.from({ length }, (_, at) => at),
      begin,
    );
    if (arrays.times === undefined || own === undefined || length === 0) return;
    arrays.times.set(
      own.map((value) => secondsSince(own[0]!, value)),
      begin,
    );
    const asked = requestTimes(own, request ?? own[length - 1]!, shape.baskets);
    arrays.requests!.set(
      asked.map((value) => secondsSince(own[0]!, value)),
      begin,
    );
  });
  return arrays;
}

/** The arrays as tensors. */
export function historyTensors(
  { items, lengths, baskets, times, requests }: HistoryArrays,
  time: number,
): HistoryInputs {
  const perItem = (values: Int32Array) => tf.tensor2d(values, [lengths.length, time], 'int32');
  return {
    items: perItem(items),
    lengths: tf.tensor1d(lengths, 'int32'),
    ...(baskets && { baskets: perItem(baskets) }),
    ...(times && { times: perItem(times) }),
    ...(requests && { requests: perItem(requests) }),
  };
}

/** A case as a history, at most its last `window` items. */
export function datedHistory(cases: EvaluationCases, index: number, window: number): DatedHistory {
  const end = cases.offsets[index + 1]!;
  const items = historyOf(cases, index).slice(-window);
  return {
    items,
    times: cases.historyTimes.subarray(end - items.length, end),
    request: cases.times[index]!,
  };
}

/** Numbers of the baskets, actions of one time, from 0. */
export function basketNumbers(times: Float64Array): Int32Array {
  const numbers = new Int32Array(times.length);
  for (let at = 1; at < times.length; at++) {
    numbers[at] = numbers[at - 1]! + (times[at] === times[at - 1] ? 0 : 1);
  }
  return numbers;
}

/**
 * When each action's following list was asked for: when the next action was taken, of baskets the first one of the next.
 *
 * @param last for those that nothing follows
 */
function requestTimes(times: Float64Array, last: number, baskets: boolean): Float64Array {
  const requests = new Float64Array(times.length);
  let next = last;
  for (let at = times.length - 1; at >= 0; at--) {
    const isOfNext = baskets && at + 1 < times.length && times[at] === times[at + 1];
    if (!isOfNext && at + 1 < times.length) next = times[at + 1]!;
    requests[at] = next;
  }
  return requests;
}

/** As far as an int32 goes, 68 years. */
export function secondsSince(begin: number, time: number): number {
  return Math.min(0x7fffffff, Math.max(0, Math.round(time - begin)));
}
