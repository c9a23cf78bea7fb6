import type { HistoryKind } from '#lib/contracts/config/training.ts';
import type { ItemTable } from '#lib/sequences/item-table.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import type { ItemScores } from './item-scores.ts';
import { nthLargest } from './nth-largest.ts';

/** What rivals are fitted on: training data alone. */
export interface TrainingData {
  readonly itemTable: ItemTable;
  readonly shards: readonly SequenceShard[];
  /** Actions of one user with the same timestamp are one basket, whose order means nothing. */
  readonly baskets: boolean;
}

/** What somebody took, the oldest first. */
export interface HistoryView {
  readonly items: Int32Array;
  /** Unix seconds, as `items`. */
  readonly times: Float64Array;
}

/** A fitted part of a rival that knows histories and nothing of time: numbers in arrays, so that it can be a file. */
export interface HistoryScorer {
  readonly kind: HistoryKind;
  readonly parameters: Readonly<Record<string, number>>;
  readonly arrays: Readonly<Record<string, Int32Array | Float32Array>>;
  /** Adds a score above 0 for every item that the history speaks for. */
  score(history: HistoryView, scores: ItemScores): void;
}

/**
 * How many baskets, counted back from the end, each action is away: 0 for all actions of the last basket. Without
 * baskets every action is one.
 *
 * @returns `[actions]`
 */
export function stepsBack(times: Float64Array, baskets: boolean): Int32Array {
  const steps = new Int32Array(times.length);
  for (let at = times.length - 2; at >= 0; at--) {
    const isSame = baskets && times[at] === times[at + 1];
    steps[at] = steps[at + 1]! + (isSame ? 0 : 1);
  }
  return steps;
}

/** Pairs from an item to others, those of item `i` at `offsets[i]` to `offsets[i + 1] - 1`. */
export interface PairTable {
  readonly offsets: Int32Array;
  readonly items: Int32Array;
  readonly strengths: Float32Array;
}

/**
 * Adds up, for every item, what its occurrences in the training rows say of other items, and keeps the strongest.
 *
 * @param weigh how much an action `distance` baskets after (below 0: before) an occurrence says, 0 for nothing
 * @param reach baskets beyond which `weigh` is 0, before and after
 * @param scale factor of a pair's sum
 * @param most pairs kept of an item, ties to the smaller item index
 */
export function countPairs(
  { itemTable, shards, baskets }: TrainingData,
  weigh: (distance: number) => number,
  reach: { readonly before: number; readonly after: number },
  scale: (item: number, other: number, occurrences: Int32Array) => number,
  most: number,
): PairTable {
  const count = itemTable.itemIds.length;
  const steps = shards.map(({ offsets, timestamps }) => {
    const own = new Int32Array(timestamps.length);
    for (let row = 0; row + 1 < offsets.length; row++) {
      const times = timestamps.subarray(offsets[row]!, offsets[row + 1]!);
      own.set(stepsBack(times, baskets), offsets[row]!);
    }
    return own;
  });
  const places = placesByItem(shards, count);
  const occurrences = Int32Array.from(
    { length: count + 1 },
    (_, item) => places.offsets[item + 1]! - places.offsets[item]!,
  );
  const offsets = new Int32Array(count + 2);
  const items: number[] = [];
  const strengths: number[] = [];
  const strengthOf = new Float64Array(count + 1);
  for (let item = 1; item <= count; item++) {
    const others: number[] = [];
    for (let at = places.offsets[item]!; at < places.offsets[item + 1]!; at++) {
      const shard = places.shards[at]!;
      const place = places.places[at]!;
      const own = steps[shard]!;
      const all = shards[shard]!.items;
      const look = (other: number) => {
        const weight = weigh(own[place]! - own[other]!);
        if (weight === 0) return;
        const candidate = all[other]!;
        if (strengthOf[candidate] === 0) others.push(candidate);
        strengthOf[candidate]! += weight;
      };
      for (let other = place + 1; other < places.rowEnds[at]!; other++) {
        if (own[place]! - own[other]! > reach.after) break;
        look(other);
      }
      for (let other = place - 1; other >= places.rowBegins[at]!; other--) {
        if (own[other]! - own[place]! > reach.before) break;
        look(other);
      }
    }
    for (const other of others) strengthOf[other]! *= scale(item, other, occurrences);
    for (const other of strongest(others, strengthOf, most)) {
      items.push(other);
      strengths.push(strengthOf[other]!);
    }
    for (const other of others) strengthOf[other] = 0;
    offsets[item + 1] = items.length;
  }
  return { offsets, items: Int32Array.from(items), strengths: Float32Array.from(strengths) };
}

/** The items with the largest strengths, ascending by index. */
export function strongest(items: number[], strengthOf: Float64Array, most: number): number[] {
  if (items.length <= most) return items.sort((a, b) => a - b);
  const strengths = new Float64Array(items.length);
  for (let at = 0; at < items.length; at++) strengths[at] = strengthOf[items[at]!]!;
  const least = nthLargest(strengths, items.length, most);
  const above = items.filter((item) => strengthOf[item]! > least);
  const tied = items.filter((item) => strengthOf[item] === least).sort((a, b) => a - b);
  return [...above, ...tied.slice(0, most - above.length)].sort((a, b) => a - b);
}

/** Where each item occurs in the rows of the shards (counting sort). */
function placesByItem(shards: TrainingData['shards'], count: number) {
  const offsets = new Int32Array(count + 2);
  for (const { items } of shards) for (const item of items) offsets[item + 1]!++;
  for (let item = 0; item <= count; item++) offsets[item + 1]! += offsets[item]!;
  const next = offsets.slice();
  const occurrences = offsets[count + 1]!;
  const result = {
    offsets,
    shards: new Int32Array(occurrences),
    places: new Int32Array(occurrences),
    rowBegins: new Int32Array(occurrences),
    rowEnds: new Int32Array(occurrences),
  };
  shards.forEach((shard, number) => {
    for (let row = 0; row + 1 < shard.offsets.length; row++) {
      for (let place = shard.offsets[row]!; place < shard.offsets[row + 1]!; place++) {
        const at = next[shard.items[place]!]!++;
        result.shards[at] = number;
        result.places[at] = place;
        result.rowBegins[at] = shard.offsets[row]!;
        result.rowEnds[at] = shard.offsets[row + 1]!;
      }
    }
  });
  return result;
}
