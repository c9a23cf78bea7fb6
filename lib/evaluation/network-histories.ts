import type { PriorConfig } from '#lib/contracts/config/training.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { fitScorers } from './rivals/fit-scorers.ts';
import type { HistoryScorer, TrainingData } from './rivals/history-scorer.ts';
import { restoreScorer } from './rivals/pair-scorer.ts';

/** What knows histories beside a network: its lift, as it is among the rivals. */
export interface NetworkHistories {
  readonly scorers: readonly HistoryScorer[];
  /** How often each item of the model was taken in training, item `i` at place `i - 1`. */
  readonly trainingCounts: Int32Array;
}

/** Fits what a network is to be joined with on the training shards; undefined if that is nothing. */
export function networkHistories(
  data: TrainingData,
  validation: EvaluationCases,
  excludeHistory: boolean,
  prior: PriorConfig | undefined,
): NetworkHistories | undefined {
  // Without a single pair or session one has nothing to say.
  const scorers = fitScorers(data, validation, excludeHistory, prior?.histories ?? []).filter(
    ({ arrays }) => arrays.items?.length !== 0,
  );
  return scorers.length === 0 ? undefined : { scorers, trainingCounts: data.itemTable.counts };
}

/** The same for a vocabulary that begins with theirs and goes on: of the rest nothing is known. */
export function forItems(
  { scorers, trainingCounts }: NetworkHistories,
  items: number,
): NetworkHistories {
  if (trainingCounts.length === items) return { scorers, trainingCounts };
  const counts = new Int32Array(items);
  counts.set(trainingCounts);
  return { scorers: scorers.map((scorer) => widened(scorer, items)), trainingCounts: counts };
}

function widened({ kind, parameters, arrays }: HistoryScorer, items: number): HistoryScorer {
  // Only tables of pairs have a place for every item.
  if (arrays.strengths === undefined) return restoreScorer(kind, parameters, arrays, items);
  const offsets = new Int32Array(items + 2).fill(arrays.items!.length);
  offsets.set(arrays.offsets!);
  return restoreScorer(kind, parameters, { ...arrays, offsets }, items);
}
