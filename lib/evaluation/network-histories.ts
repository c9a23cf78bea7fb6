import type { PriorConfig } from '#lib/contracts/config/training.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { type FittedScorers, fitScorers, type NightsScorers } from './rivals/fit-scorers.ts';
import type { HistoryScorer, TrainingData } from './rivals/history-scorer.ts';
import { restoreScorer } from './rivals/pair-scorer.ts';

/** What knows histories beside a network: its lift, as it is among the rivals. */
export type NetworkHistories = FittedScorers;

/** Fits what a network is to be joined with on the training shards; undefined if that is nothing. */
export function networkHistories(
  data: TrainingData,
  validation: EvaluationCases,
  excludeHistory: boolean,
  prior: PriorConfig | undefined,
): NetworkHistories | undefined {
  const scorers = fitScorers(data, validation, excludeHistory, prior?.histories ?? []);
  return withSomething({ scorers, trainingCounts: data.itemTable.counts });
}

/** Of what a night has fitted what a network is to be joined with, for validation and for test cases. */
export function historiesOf(
  { training, beforeTest }: NightsScorers,
  prior: PriorConfig,
): { readonly training?: NetworkHistories; readonly beforeTest?: NetworkHistories } {
  const { histories } = prior;
  const wanted = training.scorers.filter(({ kind }) => histories.includes(kind));
  const own = withSomething({ ...training, scorers: wanted });
  if (own === undefined) return {};
  if (beforeTest === undefined) return { training: own };
  const kinds = own.scorers.map(({ kind }) => kind);
  const scorers = beforeTest.scorers.filter(({ kind }) => kinds.includes(kind));
  return { training: own, beforeTest: { ...beforeTest, scorers } };
}

/** Without those that have nothing to say, for want of a single pair or session. */
function withSomething({ scorers, trainingCounts }: FittedScorers): NetworkHistories | undefined {
  const own = scorers.filter(({ arrays }) => arrays.items?.length !== 0);
  return own.length === 0 ? undefined : { scorers: own, trainingCounts };
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
