import { ContractError } from '#lib/contracts/errors.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { ItemTable } from '#lib/sequences/item-table.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

/** What baselines are fitted on: training data alone. */
export interface TrainingData {
  readonly itemTable: ItemTable;
  readonly shards: readonly SequenceShard[];
}

/** Scores of the few items that a history speaks for; all others have 0. Reused from case to case. */
export class ItemScores {
  /** By item index, `[items + 1]`. */
  readonly values: Float64Array;
  /** Items whose score is set, each once. */
  readonly touched: number[] = [];
  readonly #isTouched: Uint8Array;

  constructor(items: number) {
    this.values = new Float64Array(items + 1);
    this.#isTouched = new Uint8Array(items + 1);
  }

  /** @param score above 0 */
  add(item: number, score: number): void {
    if (this.#isTouched[item] === 0) {
      this.#isTouched[item] = 1;
      this.touched.push(item);
    }
    this.values[item]! += score;
  }

  clear(): void {
    for (const item of this.touched) {
      this.values[item] = 0;
      this.#isTouched[item] = 0;
    }
    this.touched.length = 0;
  }
}

/** A recommender that takes no training worth the name, for comparison. */
export interface Baseline {
  readonly name: string;
  /** Adds a score above 0 for every item that the history (oldest first) speaks for. */
  score(history: Int32Array, scores: ItemScores): void;
}

/**
 * Ranks every case in the order that serving would show: items with a score first (score descending, then item index
 * ascending), then all others from the most popular down. Without the items of the history if `excludeHistory`; a
 * target that is left out so has rank 0.
 *
 * @returns place of each target, from 1, `[cases]`
 * @throws ContractError if a case has an item that is not in the vocabulary
 */
export function rankWithBaseline(
  baseline: Baseline,
  cases: EvaluationCases,
  popularity: PopularityOrder,
  excludeHistory: boolean,
): Int32Array {
  const items = popularity.placeOf.length - 1;
  const scores = new ItemScores(items);
  const ranks = new Int32Array(cases.targets.length);
  for (let index = 0; index < ranks.length; index++) {
    const history = cases.items.subarray(cases.offsets[index]!, cases.offsets[index + 1]!);
    const target = cases.targets[index]!;
    if (target > items || history.some((item) => item > items)) {
      throw new ContractError(
        `Evaluation case ${index} has an item that is not among the ${items} of the vocabulary.`,
      );
    }
    baseline.score(history, scores);
    const excluded: ReadonlySet<number> = excludeHistory ? new Set(history) : new Set();
    ranks[index] = excluded.has(target) ? 0 : 1 + countAhead(target, scores, excluded, popularity);
    scores.clear();
  }
  return ranks;
}

/** How many items that may be shown come before the target. */
function countAhead(
  target: number,
  { values, touched }: ItemScores,
  excluded: ReadonlySet<number>,
  { placeOf }: PopularityOrder,
): number {
  const score = values[target]!;
  const place = placeOf[target]!;
  let ahead = 0;
  if (score > 0) {
    for (const item of touched) {
      const isAhead = values[item]! > score || (values[item] === score && item < target);
      if (isAhead && !excluded.has(item)) ahead++;
    }
    return ahead;
  }
  // All items with a score, then the unscored ones that are more popular.
  ahead = place - 1;
  for (const item of touched) {
    if (placeOf[item]! < place) ahead--;
    if (!excluded.has(item)) ahead++;
  }
  for (const item of excluded) if (placeOf[item]! < place && values[item] === 0) ahead--;
  return ahead;
}

/** All items from the most popular down. */
export interface PopularityOrder {
  /** Place of each item index, from 1, `[items + 1]`; place 0 belongs to padding. */
  readonly placeOf: Int32Array;
}

/** Orders items by occurrences in the training sequences, then by item index. */
export function orderByPopularity(counts: Int32Array): PopularityOrder {
  const order = Int32Array.from(counts, (_, row) => row + 1).sort(
    (a, b) => counts[b - 1]! - counts[a - 1]! || a - b,
  );
  const placeOf = new Int32Array(counts.length + 1);
  order.forEach((item, place) => {
    placeOf[item] = place + 1;
  });
  return { placeOf };
}
