import type { HistoryKind } from '#lib/contracts/config/training.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { type Fitting, fitOn, type RowsShape } from '#lib/sequences/passes.ts';
import { type HistoryScorer, shapeOf, stepsBack, type TrainingData } from './history-scorer.ts';
import { countPairs, type PairRule, type PairTable } from './pair-counts.ts';
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

/** Each occurrence of "after `i` comes `j`" counts `1 / distance`. */
const ruleCounts: PairRule = {
  weigh: (distance) => (distance > 0 ? 1 / distance : 0),
  reach: { before: 0, after: maximumDistance },
  scale: (item, _other, occurrences) => 1 / Math.sqrt(occurrences[item]!),
  most: maximumPairs,
};

/** Each action of the row counts the same, before or after. */
const neighbourCounts: PairRule = {
  weigh: () => 1,
  reach: { before: Number.POSITIVE_INFINITY, after: Number.POSITIVE_INFINITY },
  scale: (item, other, occurrences) => 1 / Math.sqrt(occurrences[item]! * occurrences[other]!),
  most: maximumPairs,
};

/**
 * Rules "after `i` comes `j`", each occurrence counted `1 / distance` (Sequential Rules; Ludewig and Jannach 2018,
 * https://arxiv.org/abs/1803.09587, section 3.1). Scored from the last items of the history and not from the very last
 * alone: `score(j) = sum_k decay^k rule(h_k, j) / sqrt(count(h_k))`, `h_0` the last basket.
 */
export function* fitRules(
  shape: RowsShape,
  { decay }: PairSettings = usualRules,
): Fitting<HistoryScorer> {
  const pairs = yield* countPairs(shape, ruleCounts);
  return pairScorer('sequential-rules', pairs, { decay, baskets: shape.baskets ? 1 : 0 });
}

/** `fitRules` on rows that are in memory. */
export const sequentialRules = (data: TrainingData, settings?: PairSettings): HistoryScorer =>
  fitOn(data.shards, fitRules(shapeOf(data), settings));

/**
 * Items of the same histories and baskets, whatever their order (item-kNN with cosine similarity; Sarwar et al. 2001,
 * https://doi.org/10.1145/371920.372071): `sim(i, j) = together(i, j) / sqrt(count(i) count(j))`.
 */
export function* fitNeighbours(
  shape: RowsShape,
  { decay }: PairSettings = usualNeighbours,
): Fitting<HistoryScorer> {
  const pairs = yield* countPairs(shape, neighbourCounts);
  return pairScorer('item-knn', pairs, { decay, baskets: shape.baskets ? 1 : 0 });
}

/** `fitNeighbours` on rows that are in memory. */
export const itemNeighbours = (data: TrainingData, settings?: PairSettings): HistoryScorer =>
  fitOn(data.shards, fitNeighbours(shapeOf(data), settings));

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
