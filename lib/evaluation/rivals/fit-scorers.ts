import { type HistoryKind, historyKind } from '#lib/contracts/config/training.ts';
import { addTaken } from '#lib/sequences/all-actions.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { type Fitting, fitOn, fitted, type RowsShape, sideBySide } from '#lib/sequences/passes.ts';
import { chooseScorer } from './choose-scorer.ts';
import { fitEase } from './ease.ts';
import { type HistoryScorer, shapeOf, type TrainingData } from './history-scorer.ts';
import { fitNeighbours, fitRules, repeatLast, withDecay } from './pair-scorer.ts';
import { fitSessions } from './session-neighbours.ts';

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

/** How settings are chosen: by how well each ranks validation by itself. */
export interface Choice {
  readonly validation: EvaluationCases;
  readonly excludeHistory: boolean;
  /** Which scorers are asked for. @default - all */
  readonly kinds?: readonly HistoryKind[];
}

/**
 * What rivals know of histories: fitted on training actions, each with the settings that are best on validation when it
 * ranks by itself.
 */
export function* fitChosen(
  shape: RowsShape,
  { validation, excludeHistory, kinds = historyKind.options }: Choice,
): Fitting<HistoryScorer[]> {
  const eachDecay = (scorer: HistoryScorer, decays: readonly number[]) =>
    decays.map((decay) => withDecay(scorer, decay));
  const candidates: Record<HistoryKind, () => Fitting<readonly HistoryScorer[]>> = {
    *'sequential-rules'() {
      return eachDecay(yield* fitRules(shape), tried.rules.decay);
    },
    *'item-knn'() {
      return eachDecay(yield* fitNeighbours(shape), tried.neighbours.decay);
    },
    *ease() {
      const settings = tried.ease.lambda.map((lambda) => ({ lambda, decay: 1 }));
      const scorers = (yield* fitEase(shape, settings)) ?? [];
      return scorers.flatMap((scorer) => eachDecay(scorer, tried.ease.decay));
    },
    'session-knn': () =>
      fitSessions(
        shape,
        tried.sessions.neighbours.flatMap((neighbours) =>
          tried.sessions.decay.map((decay) => ({ neighbours, decay })),
        ),
      ),
    'repeat-last': () => fitted(excludeHistory ? [] : [repeatLast]),
  };
  const wanted = historyKind.options.filter((kind) => kinds.includes(kind));
  const all = yield* sideBySide(wanted.map((kind) => candidates[kind]()));
  return all.flatMap((some) =>
    some.length === 0 ? [] : [chooseScorer(some, validation, shape.items, excludeHistory)],
  );
}

/** `fitChosen` on rows that are in memory. */
export const fitScorers = (
  data: TrainingData,
  validation: EvaluationCases,
  excludeHistory: boolean,
  kinds?: readonly HistoryKind[],
): HistoryScorer[] =>
  fitOn(
    data.shards,
    fitChosen(shapeOf(data), { validation, excludeHistory, ...(kinds && { kinds }) }),
  );

/**
 * The same scorers with the same settings, fitted on other actions. EASE stays as it was where more items have actions by
 * now than it is fitted for.
 */
export function* fitAnew(
  scorers: readonly HistoryScorer[],
  shape: RowsShape,
): Fitting<FittedScorers> {
  const trainingCounts = new Int32Array(shape.items);
  function* count(): Fitting<undefined> {
    yield (shard) => addTaken(shard, trainingCounts);
    return undefined;
  }
  const [, ...anew] = yield* sideBySide([
    count(),
    ...scorers.map((scorer) => fitOne(scorer, shape)),
  ]);
  return { scorers: scorers.map((scorer, at) => anew[at] ?? scorer), trainingCounts };
}

/** `fitAnew` on rows that are in memory. */
export const fitAllAnew = (scorers: readonly HistoryScorer[], data: TrainingData): FittedScorers =>
  fitOn(data.shards, fitAnew(scorers, shapeOf(data)));

/** What a scorer is, before it is fitted. */
export type ScorerSettings = Pick<HistoryScorer, 'kind' | 'parameters'>;

/**
 * Scorers with settings that were chosen before.
 *
 * @returns undefined where one of them cannot be fitted on these actions
 */
export function* fitWithSettings(
  settings: readonly ScorerSettings[],
  shape: RowsShape,
): Fitting<HistoryScorer[] | undefined> {
  const fits = yield* sideBySide(settings.map((one) => fitOne(one, shape)));
  const scorers = fits.flatMap((scorer) => scorer ?? []);
  return scorers.length === settings.length ? scorers : undefined;
}

/** @returns undefined for EASE of more items than it is fitted for */
function* fitOne(
  { kind, parameters }: ScorerSettings,
  shape: RowsShape,
): Fitting<HistoryScorer | undefined> {
  const decay = parameters.decay!;
  switch (kind) {
    case 'repeat-last':
      return repeatLast;
    case 'sequential-rules':
      return yield* fitRules(shape, { decay });
    case 'item-knn':
      return yield* fitNeighbours(shape, { decay });
    case 'ease':
      return (yield* fitEase(shape, [{ decay, lambda: parameters.lambda! }]))?.[0];
    case 'session-knn':
      return (yield* fitSessions(shape, [{ decay, neighbours: parameters.neighbours! }]))[0];
  }
}
