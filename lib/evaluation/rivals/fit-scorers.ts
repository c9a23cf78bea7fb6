import { type HistoryKind, historyKind } from '#lib/contracts/config/training.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { chooseScorer } from './choose-scorer.ts';
import { ease } from './ease.ts';
import type { HistoryScorer, TrainingData } from './history-scorer.ts';
import { itemNeighbours, repeatLast, sequentialRules, withDecay } from './pair-scorer.ts';
import { sessionNeighbours } from './session-neighbours.ts';

/** Scorers, and what they were fitted on. */
export interface FittedScorers {
  readonly scorers: readonly HistoryScorer[];
  /** How often each item was taken in what they were fitted on, item `i` at place `i - 1`. */
  readonly trainingCounts: Int32Array;
}

/** What a night fits once for rivals and for all networks that are joined with what they are made of. */
export interface NightsScorers {
  /** On training actions: validation chooses settings and weights with these. */
  readonly training: FittedScorers;
  /** The same settings on validation's actions too: what answers test cases. Undefined where the former do. */
  readonly beforeTest?: FittedScorers | undefined;
}

/** What a night fits where test cases are answered by what training saw. */
export const fitOnTraining = (
  data: TrainingData,
  validation: EvaluationCases,
  excludeHistory: boolean,
): NightsScorers => ({
  training: {
    scorers: fitScorers(data, validation, excludeHistory),
    trainingCounts: data.itemTable.counts,
  },
});

/** Settings that are tried; each step back in a history counts `decay` times as much. */
const tried = {
  rules: { decay: [0.45, 0.6, 0.75] },
  neighbours: { decay: [0.7, 0.85] },
  ease: { lambda: [50, 300], decay: [0.7, 0.85] },
  sessions: { neighbours: [25, 75], decay: [0.6, 0.8] },
};

/**
 * What rivals know of histories: fitted on training actions, each with the settings that are best on validation when it
 * ranks by itself.
 *
 * @param kinds which are asked for, by default all
 */
export function fitScorers(
  data: TrainingData,
  validation: EvaluationCases,
  excludeHistory: boolean,
  kinds: readonly HistoryKind[] = historyKind.options,
): HistoryScorer[] {
  const items = data.itemTable.itemIds.length;
  const choose = (candidates: readonly HistoryScorer[]) =>
    candidates.length === 0 ? [] : [chooseScorer(candidates, validation, items, excludeHistory)];
  const eachDecay = (scorer: HistoryScorer, decays: readonly number[]) =>
    decays.map((decay) => withDecay(scorer, decay));
  const candidates: Record<HistoryKind, () => readonly HistoryScorer[]> = {
    'sequential-rules': () => eachDecay(sequentialRules(data), tried.rules.decay),
    'item-knn': () => eachDecay(itemNeighbours(data), tried.neighbours.decay),
    ease: () =>
      tried.ease.lambda.flatMap((lambda) => {
        const scorer = ease(data, { lambda, decay: 1 });
        return scorer === undefined ? [] : eachDecay(scorer, tried.ease.decay);
      }),
    'session-knn': () =>
      tried.sessions.neighbours.flatMap((neighbours) =>
        tried.sessions.decay.map((decay) => sessionNeighbours(data, { neighbours, decay })),
      ),
    'repeat-last': () => (excludeHistory ? [] : [repeatLast]),
  };
  return historyKind.options
    .filter((kind) => kinds.includes(kind))
    .flatMap((kind) => choose(candidates[kind]()));
}

/** The same scorers with the same settings, fitted on other actions. */
export function fitAllAnew(scorers: readonly HistoryScorer[], data: TrainingData): FittedScorers {
  return {
    scorers: scorers.map((scorer) => fitAnew(scorer, data)),
    trainingCounts: data.itemTable.counts,
  };
}

/** What a scorer is, before it is fitted. */
export type ScorerSettings = Pick<HistoryScorer, 'kind' | 'parameters'>;

/**
 * Scorers with settings that were chosen before.
 *
 * @returns undefined where one of them cannot be fitted on these actions
 */
export function fitWithSettings(
  settings: readonly ScorerSettings[],
  data: TrainingData,
): HistoryScorer[] | undefined {
  const scorers = settings.flatMap((one) => fitOne(one, data) ?? []);
  return scorers.length === settings.length ? scorers : undefined;
}

/**
 * The same scorer with the same settings, fitted on other actions. EASE stays as it was where more items have actions by
 * now than it is fitted for.
 */
export function fitAnew(scorer: HistoryScorer, data: TrainingData): HistoryScorer {
  return fitOne(scorer, data) ?? scorer;
}

/** @returns undefined for EASE of more items than it is fitted for */
function fitOne(
  { kind, parameters }: ScorerSettings,
  data: TrainingData,
): HistoryScorer | undefined {
  const decay = parameters.decay!;
  switch (kind) {
    case 'repeat-last':
      return repeatLast;
    case 'sequential-rules':
      return sequentialRules(data, { decay });
    case 'item-knn':
      return itemNeighbours(data, { decay });
    case 'ease':
      return ease(data, { decay, lambda: parameters.lambda! });
    case 'session-knn':
      return sessionNeighbours(data, { decay, neighbours: parameters.neighbours! });
  }
}
