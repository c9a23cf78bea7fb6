import type { HistoryKind } from '#lib/contracts/config/training.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import {
  countPairs,
  type HistoryScorer,
  type PairTable,
  stepsBack,
  type TrainingData,
} from './history-scorer.ts';
import { restoreSessions, sessionKind } from './session-neighbours.ts';

/** Pairs kept of an item. */
const maximumPairs = 200;
/** Baskets between the two items of a rule, at most. */
const maximumDistance = 10;
/** Actions that weigh less say nothing. */
const minimumWeight = 0.01;

/** How much less a rule, or a neighbour, of an earlier action counts, for each step back. */
export interface PairSettings {
  readonly decay: number;
}

const usualRules: PairSettings = { decay: 0.6 };
const usualNeighbours: PairSettings = { decay: 0.85 };

/**
 * Rules "after `i` comes `j`", each occurrence counted `1 / distance` (Sequential Rules; Ludewig and Jannach 2018,
 * https://arxiv.org/abs/1803.09587, section 3.1). Scored from the last items of the history and not from the very last
 * alone: `score(j) = sum_k decay^k rule(h_k, j) / sqrt(count(h_k))`, `h_0` the last basket.
 */
export function sequentialRules(
  data: TrainingData,
  { decay }: PairSettings = usualRules,
): HistoryScorer {
  const pairs = countPairs(
    data,
    (distance) => (distance > 0 && distance <= maximumDistance ? 1 / distance : 0),
    { before: 0, after: maximumDistance },
    (item, _other, occurrences) => 1 / Math.sqrt(occurrences[item]!),
    maximumPairs,
  );
  return pairScorer('sequential-rules', pairs, { decay, baskets: data.baskets ? 1 : 0 });
}

/**
 * Items of the same histories and baskets, whatever their order (item-kNN with cosine similarity; Sarwar et al. 2001,
 * https://doi.org/10.1145/371920.372071): `sim(i, j) = together(i, j) / sqrt(count(i) count(j))`.
 */
export function itemNeighbours(
  data: TrainingData,
  { decay }: PairSettings = usualNeighbours,
): HistoryScorer {
  const pairs = countPairs(
    data,
    () => 1,
    { before: Number.POSITIVE_INFINITY, after: Number.POSITIVE_INFINITY },
    (item, other, occurrences) => 1 / Math.sqrt(occurrences[item]! * occurrences[other]!),
    maximumPairs,
  );
  return pairScorer('item-knn', pairs, { decay, baskets: data.baskets ? 1 : 0 });
}

/** The same pairs, with another weight for earlier actions. */
export function withDecay({ kind, parameters, arrays }: HistoryScorer, decay: number) {
  const { offsets, items, strengths } = arrays as unknown as PairTable;
  return pairScorer(kind, { offsets, items, strengths }, { ...parameters, decay });
}

/** Puts pairs and the parameters together, `decay` and `baskets` (0 or 1) among them, as after reading them from a file. */
export function pairScorer(
  kind: HistoryKind,
  { offsets, items, strengths }: PairTable,
  parameters: Readonly<Record<string, number>>,
): HistoryScorer {
  const { decay, baskets } = parameters as { decay: number; baskets: number };
  return {
    kind,
    parameters,
    arrays: { offsets, items, strengths },
    score(history, scores) {
      const steps = stepsBack(history.times, baskets === 1);
      for (let at = history.items.length - 1; at >= 0; at--) {
        const weight = decay ** steps[at]!;
        if (weight < minimumWeight) break;
        const item = history.items[at]!;
        for (let pair = offsets[item]!; pair < offsets[item + 1]!; pair++) {
          scores.add(items[pair]!, weight * strengths[pair]!);
        }
      }
    },
  };
}

/**
 * The history itself, the last item first. Where people return to items, it is hard to beat; where lists leave the
 * history out, it says nothing.
 */
export const repeatLast: HistoryScorer = {
  kind: 'repeat-last',
  parameters: {},
  arrays: {},
  score({ items }, scores) {
    for (let at = items.length - 1; at >= 0; at--) {
      if (scores.values[items[at]!] === 0) scores.add(items[at]!, at + 1);
    }
  },
};

/**
 * A scorer as it was before it was written to a file.
 *
 * @throws ContractError if its numbers do not fit a vocabulary of `items`
 */
export function restoreScorer(
  kind: HistoryKind,
  parameters: Readonly<Record<string, number>>,
  arrays: HistoryScorer['arrays'],
  items: number,
): HistoryScorer {
  if (kind === repeatLast.kind) return repeatLast;
  if (kind === sessionKind) return restoreSessions(parameters, arrays, items);
  const { offsets, items: others, strengths } = arrays;
  const fits =
    offsets instanceof Int32Array &&
    others instanceof Int32Array &&
    strengths instanceof Float32Array &&
    offsets.length === items + 2 &&
    offsets.at(-1) === others.length &&
    others.length === strengths.length &&
    others.every((item) => item >= 1 && item <= items) &&
    strengths.every((strength) => strength > 0 && Number.isFinite(strength)) &&
    Number.isFinite(parameters.decay) &&
    Number.isFinite(parameters.baskets);
  if (!fits) {
    throw new ContractError(`The pairs of the component "${kind}" do not fit ${items} items.`);
  }
  return pairScorer(kind, { offsets, items: others, strengths }, parameters);
}
