import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { halfLives } from '#lib/contracts/half-lives.ts';
import { type AsOf, planCounting } from '#lib/popularity/as-of.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { hash32 } from '#lib/sequences/hash.ts';
import type { InteractionEvents } from '#lib/sequences/interaction-events.ts';
import { type BlendInput, type BlendWeights, type RankedLists, rankBlends } from '../blend.ts';
import { fitBlends } from '../fit-blend.ts';
import { rankMetrics } from '../metrics.ts';
import { EvidenceWriter, historyAt, type Scale } from './evidence.ts';
import type { HistoryScorer, TrainingData } from './history-scorer.ts';
import { itemNeighbours, repeatLast, sequentialRules } from './pair-scorer.ts';
import type { RivalModel } from './rival-model.ts';

/** What rivals are fitted, chosen and ranked on. */
export interface RivalTask extends TrainingData {
  readonly events: InteractionEvents;
  readonly cases: { readonly validation: EvaluationCases; readonly test: EvaluationCases };
  readonly excludeHistory: boolean;
  readonly window: number;
  readonly split: SequencesConfig['split'];
  /** When counts are read. */
  readonly asOf: AsOf;
}

/** A rival with what it said about the cases; on validation with what other users chose for it. */
export interface RankedRival {
  readonly model: RivalModel;
  readonly validation: RankedLists;
  readonly test: RankedLists;
}

/** What an item that nobody has taken counts. */
const epsilon = 0.5;
/** Weight of all-time popularity where it only orders what a rival says nothing of. */
const tieBreak = 1e-6;

/** Fits all rivals on training actions, chooses their weights and half-lives on validation, and ranks all cases. */
export function rankRivals(task: RivalTask): RankedRival[] {
  const scorers = [
    sequentialRules(task),
    itemNeighbours(task),
    ...(task.excludeHistory ? [] : [repeatLast]),
  ];
  const rows = scorers.flatMap((scorer) =>
    (['evidence', 'lift'] as const).map((scale) => ({ scorer, scale })),
  );
  const rowOf = (kind: string, scale: Scale) =>
    rows.findIndex((row) => row.scorer.kind === kind && row.scale === scale);
  const width = rows.length + halfLives.length;
  const allTime = width - 1;
  const unit = (...weights: readonly (readonly [column: number, weight: number])[]) => {
    const all = new Float64Array(width);
    for (const [column, weight] of weights) all[column] = weight;
    return all;
  };
  const counts = halfLives.map((_, which) => rows.length + which);
  const fixed = [
    { name: 'popularity', weights: unit([allTime, 1]) },
    ...scorers.map(({ kind }) => ({
      name: kind,
      weights: unit([rowOf(kind, 'evidence'), 1], [allTime, tieBreak]),
    })),
  ];
  const learned = [
    { name: 'rules-x-recent', columns: [rowOf('sequential-rules', 'lift'), ...counts] },
    { name: 'knn-x-recent', columns: [rowOf('item-knn', 'lift'), ...counts] },
    {
      name: 'all-x-recent',
      columns: [...scorers.map(({ kind }) => rowOf(kind, 'lift')), ...counts],
    },
  ];
  const validation = inputOf(task, task.cases.validation, scorers);
  const test = inputOf(task, task.cases.test, scorers);
  const fitted = fitBlends(
    validation,
    learned.map(({ columns }) => columns),
  );
  const recent = counts.map((column) => unit([column, 1]));
  const users = task.cases.validation.users;
  const onValidation = rankBlends(validation, [
    ...fixed.map(
      ({ weights }) =>
        () =>
          weights,
    ),
    ...fitted.map(
      ({ weightsFor }) =>
        (index: number) =>
          weightsFor(users[index]!),
    ),
    ...recent.map((weights) => () => weights),
  ]);
  const variants = onValidation.slice(fixed.length + fitted.length);
  const chosen = chooseVariant(variants, users);
  const models: { readonly name: string; readonly weights: BlendWeights }[] = [
    ...fixed,
    { name: 'recent-popularity', weights: recent[chosen.best]! },
    ...learned.map(({ name }, at) => ({ name, weights: fitted[at]!.weights })),
  ];
  const validationLists = [
    ...onValidation.slice(0, fixed.length),
    chosen.lists,
    ...onValidation.slice(fixed.length, fixed.length + fitted.length),
  ];
  const onTest = rankBlends(
    test,
    models.map(
      ({ weights }) =>
        () =>
          weights,
    ),
  );
  return models.map(({ name, weights }, at) => ({
    model: modelOf(task, name, rows, weights),
    validation: validationLists[at]!,
    test: onTest[at]!,
  }));
}

/** Rows of the blend: every scorer on both scales, then the half-lives. */
function inputOf(
  task: RivalTask,
  cases: EvaluationCases,
  scorers: readonly HistoryScorer[],
): BlendInput {
  const items = task.itemTable.itemIds.length;
  const writer = new EvidenceWriter(task.itemTable.counts);
  const lift = new Float64Array(items + 1);
  return {
    cases,
    counting: planCounting(task.events, cases.times, task.asOf, task.split),
    items,
    excludeHistory: task.excludeHistory,
    components: scorers.flatMap((scorer) => [
      {
        name: `${scorer.kind} evidence`,
        // Both scales are written at once; the second row is copied when it is asked for, which is right after.
        write: (index: number, scores: Float64Array) => {
          writer.write(scorer, historyAt(cases, index), { evidence: scores, lift });
        },
      },
      {
        name: `${scorer.kind} lift`,
        write: (_index: number, scores: Float64Array) => scores.set(lift),
      },
    ]),
    counts: { halfLives, epsilon },
  };
}

function modelOf(
  task: RivalTask,
  name: string,
  rows: readonly { readonly scorer: HistoryScorer; readonly scale: Scale }[],
  weights: BlendWeights,
): RivalModel {
  return {
    name,
    excludeHistory: task.excludeHistory,
    window: task.window,
    components: rows.flatMap(({ scorer, scale }, at) =>
      weights[at]! > 0 ? [{ scorer, scale, weight: weights[at]! }] : [],
    ),
    counts: {
      epsilon,
      terms: halfLives.flatMap((halfLife, which) => {
        const weight = weights[rows.length + which]!;
        return weight > 0 ? [{ halfLife, weight }] : [];
      }),
    },
    trainingCounts: task.itemTable.counts,
  };
}

/** Seed of the hash that puts users into two halves. */
const halfSeed = 13;

/**
 * Chooses the variant with the best NDCG@10. Each half of the users is ranked with the variant that the other half
 * chooses, so that nobody's own cases choose for him.
 */
function chooseVariant(
  variants: readonly RankedLists[],
  users: readonly string[],
): { readonly best: number; readonly lists: RankedLists } {
  const gain = rankMetrics([10]).get('ndcg@10')!;
  const half = Uint8Array.from(users, (user) => hash32(user, halfSeed) & 1);
  const sums = variants.map(({ ranks }) => {
    const sum = [0, 0];
    ranks.forEach((rank, index) => {
      sum[half[index]!]! += gain(rank);
    });
    return sum;
  });
  const bestBy = (value: (sum: readonly number[]) => number) =>
    sums.reduce((best, sum, at) => (value(sum) > value(sums[best]!) ? at : best), 0);
  const bestFor = [bestBy((sum) => sum[1]!), bestBy((sum) => sum[0]!)];
  const { listLength } = variants[0]!;
  const ranks = Int32Array.from(
    users,
    (_, index) => variants[bestFor[half[index]!]!]!.ranks[index]!,
  );
  const lists = new Int32Array(users.length * listLength);
  users.forEach((_, index) => {
    const from = variants[bestFor[half[index]!]!]!.lists;
    const at = index * listLength;
    lists.set(from.subarray(at, at + listLength), at);
  });
  return { best: bestBy((sum) => sum[0]! + sum[1]!), lists: { ranks, lists, listLength } };
}
