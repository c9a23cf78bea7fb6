import { PipelineError } from '#lib/contracts/errors.ts';
import { type EvaluationCases, takenBefore } from '#lib/sequences/evaluation-cases.ts';
import type { BackboneShape } from './backbones/backbone.ts';
import { datedHistory, type HistoryArrays, historyArrays } from './history-arrays.ts';

/** Counts, for a fixed number of cases at a time, the items that come before the target. */
export interface Ranker {
  /** Cases of a call. */
  readonly cases: number;
  /** Longest history that the model sees. */
  readonly window: number;
  /** Size of the model's vocabulary. */
  readonly items: number;
  /** What the model looks at besides items. */
  readonly shape: Pick<BackboneShape, 'timeAttention' | 'baskets'>;
  /** Items to leave out of a case's list that a call takes; 0 for a ranker that leaves out nothing. */
  readonly excluded: number;
  count(input: RankingInput): RankingCounts;
}

/** Cases to rank, right-padded with 0. */
export interface RankingInput extends HistoryArrays {
  /** int32 `[cases]` */
  readonly targets: Int32Array;
  /** int32 `[cases, excluded]`, without repeats */
  readonly excluded: Int32Array;
}

/** What comes before the target: a higher score, or the same score and a smaller item index. */
export interface RankingCounts {
  /** int32 `[cases]`: how many items. */
  readonly ahead: Int32Array;
  /** int32 `[cases, excluded]`: 1 for each item to leave out that does. */
  readonly excludedAhead: Int32Array;
  /** Scores of the targets themselves, `[cases]`. */
  readonly scores: Float32Array;
}

/**
 * Full ranking: the place of each case's target among all items, from 1, in the order of serving (score descending,
 * then item index ascending). Lists of a ranker that leaves items out are without all that the user had taken before.
 *
 * @param order which cases to rank, undefined for all
 * @returns int32 `[cases]` in the order asked for; 0 for a target that is unknown to the model, or left out of the list
 *   with the rest of the history
 * @throws PipelineError `ScoresNotFinite` if the model gives a target a score that is no number
 */
export function rankCases(
  ranker: Ranker,
  cases: EvaluationCases,
  order: Int32Array = Int32Array.from(cases.targets, (_, index) => index),
): Int32Array {
  const ranks = new Int32Array(order.length);
  for (let begin = 0; begin < order.length; begin += ranker.cases) {
    ranks.set(rankSome(ranker, cases, order.subarray(begin, begin + ranker.cases)), begin);
  }
  return ranks;
}

/** Ranks as many cases as a call takes. What does not fit into its places for items to leave out takes further calls. */
function rankSome(ranker: Ranker, cases: EvaluationCases, order: Int32Array): Int32Array {
  const histories = Array.from(order, (at) => datedHistory(cases, at, ranker.window));
  const input = {
    ...historyArrays(ranker.shape, histories, ranker.cases, ranker.window),
    targets: new Int32Array(ranker.cases).fill(1),
  };
  const left: Int32Array[] = [];
  const isShown = new Uint8Array(order.length);
  order.forEach((at, row) => {
    const target = cases.targets[at]!;
    const taken = ranker.excluded === 0 ? new Set<number>() : takenBefore(cases, at);
    left.push(Int32Array.from(taken));
    if (target < 1 || target > ranker.items || taken.has(target)) return;
    isShown[row] = 1;
    input.targets[row] = target;
  });
  const ranks = new Int32Array(order.length);
  const most = Math.max(0, ...left.map(({ length }) => length));
  for (let done = 0; done === 0 || done < most; done += ranker.excluded) {
    const excluded = new Int32Array(ranker.cases * ranker.excluded);
    left.forEach((items, row) => {
      excluded.set(items.subarray(done, done + ranker.excluded), row * ranker.excluded);
    });
    const { ahead, excludedAhead, scores } = ranker.count({ ...input, excluded });
    order.forEach((at, row) => {
      if (isShown[row] === 0) return;
      if (!Number.isFinite(scores[row])) throw notFinite(cases, at, scores[row]!);
      if (done === 0) ranks[row] = 1 + ahead[row]!;
      for (let index = row * ranker.excluded; index < (row + 1) * ranker.excluded; index++) {
        if (excluded[index] !== 0) ranks[row]! -= excludedAhead[index]!;
      }
    });
    if (ranker.excluded === 0) break;
  }
  return ranks;
}

/** A score that is no number is below nothing, so that its item would seem to be the first of every list. */
function notFinite(cases: EvaluationCases, at: number, score: number): PipelineError {
  return new PipelineError(
    'ScoresNotFinite',
    `The model scores item ${cases.targets[at]} of case ${at} (user ${cases.users[at]}) with ${score}: its weights are damaged or its training diverged. Lower learningRate or reinforcementWeight and train again.`,
  );
}

/** Most items that a call should be able to leave out of a list: more take further calls. */
const widest = 1024;

/** Places for items to leave out that a ranker of these cases should have. */
export function excludedPlaces(cases: EvaluationCases): number {
  let most = 1;
  for (let at = 0; at < cases.targets.length; at++) {
    const window = cases.offsets[at + 1]! - cases.offsets[at]!;
    const earlier = cases.earlierOffsets[at + 1]! - cases.earlierOffsets[at]!;
    most = Math.max(most, window + earlier);
  }
  return Math.min(most, widest);
}

/** Hit rate and NDCG of ranks at a cut-off; one relevant item a case, so that NDCG is `1 / log2(rank + 1)`. */
export function metricsAt(ranks: Int32Array, cutoff: number): { hr: number; ndcg: number } {
  let hits = 0;
  let gain = 0;
  for (const rank of ranks) {
    if (rank < 1 || rank > cutoff) continue;
    hits++;
    gain += 1 / Math.log2(rank + 1);
  }
  const cases = Math.max(1, ranks.length);
  return { hr: hits / cases, ndcg: gain / cases };
}
