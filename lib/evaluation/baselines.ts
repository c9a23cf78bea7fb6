import { ContractError } from '#lib/contracts/errors.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { RankedBaseline } from './evaluate.ts';
import { historyAt } from './rivals/evidence.ts';
import type { HistoryScorer, TrainingData } from './rivals/history-scorer.ts';
import { ItemScores } from './rivals/item-scores.ts';
import { repeatLast, sequentialRules } from './rivals/pair-scorer.ts';

/** The most popular items for everybody. */
export const popularity = {
  kind: 'popularity',
  score: () => {},
} satisfies BaselineScorer;

/** Scores for a history; what it says nothing of is ordered by popularity. */
export type BaselineScorer = { readonly kind: string } & Pick<HistoryScorer, 'score'>;

/**
 * What experiments are compared with: parts of the rivals alone, which know nothing of time. Fits all of them on the
 * training data and ranks the cases.
 *
 * @param excludeHistory as in config section `sequences`
 */
export function rankBaselines(
  data: TrainingData,
  cases: { readonly validation: EvaluationCases; readonly test: EvaluationCases },
  excludeHistory: boolean,
): RankedBaseline[] {
  const order = orderByPopularity(data.itemTable.counts);
  const baselines: readonly BaselineScorer[] = [popularity, repeatLast, sequentialRules(data)];
  return baselines.map((scorer) => ({
    name: scorer.kind,
    ranks: {
      validation: rankByScorer(scorer, cases.validation, order, excludeHistory),
      test: rankByScorer(scorer, cases.test, order, excludeHistory),
    },
  }));
}

/**
 * Ranks every case in the order that serving would show: items with a score first (score descending, then item index
 * ascending), then all others from the most popular down. Without the items of the history if `excludeHistory`; a
 * target that is left out so has rank 0.
 *
 * @returns place of each target, from 1, `[cases]`
 * @throws ContractError if a case has an item that is not in the vocabulary
 */
export function rankByScorer(
  scorer: BaselineScorer,
  cases: EvaluationCases,
  popularity: PopularityOrder,
  excludeHistory: boolean,
): Int32Array {
  const items = popularity.placeOf.length - 1;
  const scores = new ItemScores(items);
  const ranks = new Int32Array(cases.targets.length);
  for (let index = 0; index < ranks.length; index++) {
    const history = historyAt(cases, index);
    const target = cases.targets[index]!;
    if (target > items || history.items.some((item) => item > items)) {
      throw new ContractError(
        `Evaluation case ${index} has an item that is not among the ${items} of the vocabulary.`,
      );
    }
    scorer.score(history, scores);
    const excluded: ReadonlySet<number> = new Set(excludeHistory ? history.items : []);
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
