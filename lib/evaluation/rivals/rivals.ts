import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { halfLives } from '#lib/contracts/half-lives.ts';
import { type AsOf, type CountedEvents, planCounting } from '#lib/popularity/as-of.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { ItemTable } from '#lib/sequences/item-table.ts';
import {
  type BlendInput,
  type BlendWeights,
  type Component,
  type RankedLists,
  rankBlends,
} from '../blend.ts';
import { fitBlends } from '../fit-blend.ts';
import { moderatorsOf } from '../moderators.ts';
import { EvidenceWriter, historyAt, type Scale } from './evidence.ts';
import type { FittedScorers, NightsScorers } from './fit-scorers.ts';
import type { HistoryScorer } from './history-scorer.ts';
import { chooseHalfLife } from './recent-popularity.ts';
import type { RivalModel } from './rival-model.ts';

/** What rivals are chosen and ranked on. */
export interface RivalTask {
  readonly itemTable: ItemTable;
  readonly events: CountedEvents;
  readonly cases: { readonly validation: EvaluationCases; readonly test: EvaluationCases };
  readonly excludeHistory: boolean;
  readonly window: number;
  readonly split: SequencesConfig['split'];
  /** When counts are read. */
  readonly asOf: AsOf;
  /** Share that recent popularity keeps of its fitted weights where it is joined with something. @default 1 */
  readonly countsShare?: number;
  /** What knows histories. */
  readonly scorers: NightsScorers;
}

/** A rival with what it said about the cases; on validation with what other users chose for it, and without lists. */
export interface RankedRival {
  readonly model: RivalModel;
  readonly validation: Pick<RankedLists, 'ranks'>;
  readonly test: RankedLists;
}

/** What an item that nobody has taken counts. */
const epsilon = 0.5;
/** Weight of all-time popularity where it only orders what a rival says nothing of. */
const tieBreak = 1e-6;

/** A rival before its cases are ranked: its columns of the common blend, and their weights. */
interface WeightedRival {
  readonly name: string;
  /** Components, then half-lives that it is made of, as places in the weights. */
  readonly columns: readonly number[];
  readonly weights: BlendWeights;
  /** What ranks a user's validation cases. */
  weightsFor(user: string): BlendWeights;
}

/**
 * Makes all rivals of what was fitted on training actions, chooses their weights and half-life on validation, and ranks all cases, test cases
 * with what was fitted on validation's actions too if that is given. Those
 * that join something with recent popularity have the moderators that a network's blend has, so that nobody is ahead for
 * knowing more of a request.
 */
export function rankRivals(task: RivalTask): RankedRival[] {
  const { training, beforeTest = training } = task.scorers;
  const { scorers } = training;
  const { validation: cases } = task.cases;
  const chosen = chooseHalfLife(
    cases,
    planCounting(task.events, cases.times, task.asOf, task.split),
    task.itemTable.itemIds.length,
    task.excludeHistory,
  );
  const layout = layOut(scorers, chosen.candidates);
  const atTest = withScorers(layout, beforeTest);
  const validation = inputOf(task, cases, layout, training.trainingCounts, chosen.best);
  const test = inputOf(task, task.cases.test, atTest, beforeTest.trainingCounts, chosen.best);
  const always = (name: string, ...weights: readonly (readonly [number, number])[]) => {
    const all = unit(layout, weights);
    return {
      name,
      columns: weights.map(([column]) => column),
      weights: all,
      weightsFor: () => all,
    };
  };
  const { rowOf, columnOf } = layout;
  const recent = (which: number) => unit(layout, [[columnOf(which), 1]]);
  const joined = [
    { name: 'rules-x-recent', lifts: ['sequential-rules'] },
    { name: 'knn-x-recent', lifts: ['item-knn'] },
    { name: 'all-x-recent', lifts: scorers.map(({ kind }) => kind) },
  ].map(({ name, lifts }) => ({
    name,
    columns: [...lifts.map((kind) => rowOf(kind, 'lift')), columnOf(chosen.best)],
  }));
  const fitted = fitBlends(
    validation,
    joined.map(({ columns }) => moderated(columns, layout.width)),
  );
  const rivals: WeightedRival[] = [
    always('popularity', [columnOf(allTime), 1]),
    ...scorers.map(({ kind }) =>
      always(kind, [rowOf(kind, 'evidence'), 1], [columnOf(allTime), tieBreak]),
    ),
    {
      name: 'recent-popularity',
      columns: [columnOf(chosen.best)],
      weights: recent(chosen.best),
      weightsFor: (user) => recent(chosen.bestFor(user)),
    },
    ...joined.map(({ name, columns }, at) => {
      const { weights, weightsFor } = fitted[at]!;
      const kept = (all: BlendWeights) => withCountsShare(all, layout, task.countsShare ?? 1);
      return {
        name,
        columns,
        weights: kept(weights),
        weightsFor: (user: string) => kept(weightsFor(user)),
      };
    }),
  ];
  const onValidation = rankBlends(
    validation,
    rivals.map(
      ({ weightsFor }) =>
        (index: number) =>
          weightsFor(cases.users[index]!),
    ),
    0,
  );
  const onTest = rankBlends(
    test,
    rivals.map(
      ({ weights }) =>
        () =>
          weights,
    ),
  );
  return rivals.map((rival, at) => ({
    model: modelOf(task, atTest, beforeTest.trainingCounts, rival),
    validation: onValidation[at]!,
    test: onTest[at]!,
  }));
}

const allTime = halfLives.indexOf(Number.POSITIVE_INFINITY);

/** The columns of the blend that all rivals are cut from: every scorer on both scales, then the half-lives. */
interface Layout {
  readonly rows: readonly { readonly scorer: HistoryScorer; readonly scale: Scale }[];
  /** Half-lives that take part, as places in `halfLives`. */
  readonly terms: readonly number[];
  readonly width: number;
  rowOf(kind: string, scale: Scale): number;
  /** @param which place in `halfLives` */
  columnOf(which: number): number;
}

function layOut(scorers: readonly HistoryScorer[], candidates: readonly number[]): Layout {
  const rows = scorers.flatMap((scorer) =>
    (['evidence', 'lift'] as const).map((scale) => ({ scorer, scale })),
  );
  const terms = candidates.includes(allTime) ? candidates : [...candidates, allTime];
  return {
    rows,
    terms,
    width: rows.length + terms.length,
    rowOf: (kind, scale) =>
      rows.findIndex((row) => row.scorer.kind === kind && row.scale === scale),
    columnOf: (which) => rows.length + terms.indexOf(which),
  };
}

/** The same columns, with scorers of the same kinds that were fitted on other actions. */
const withScorers = (layout: Layout, { scorers }: FittedScorers): Layout => ({
  ...layout,
  rows: layout.rows.map(({ scorer, scale }) => {
    return { scorer: scorers.find(({ kind }) => kind === scorer.kind)!, scale };
  }),
});

/** Kinds of the moderators, in the order of their weights. */
const moderatorKinds = ['absence', 'recency'] as const;

function unit(
  { width }: Layout,
  weights: readonly (readonly [column: number, weight: number])[],
): BlendWeights {
  const all = new Float64Array(width * (1 + moderatorKinds.length));
  for (const [column, weight] of weights) all[column] = weight;
  return all;
}

/** Columns, and those of what the moderators add to their weights. */
const moderated = (columns: readonly number[], width: number) =>
  [0, ...moderatorKinds.map((_, place) => place + 1)].flatMap((m) =>
    columns.map((column) => m * width + column),
  );

/** The same weights, those of the half-lives and what moderators add to them times a share. */
const withCountsShare = (weights: BlendWeights, { rows, width }: Layout, share: number) =>
  weights.map((weight, column) => (column % width >= rows.length ? share * weight : weight));

/** @param now place in `halfLives` of the half-life that says what is popular now */
function inputOf(
  task: RivalTask,
  cases: EvaluationCases,
  layout: Layout,
  trainingCounts: Int32Array,
  now: number,
): BlendInput {
  const items = task.itemTable.itemIds.length;
  const writer = new EvidenceWriter(trainingCounts);
  const lift = new Float64Array(items + 1);
  const components = layout.rows.map(
    ({ scorer, scale }): Component => ({
      name: `${scorer.kind} ${scale}`,
      write(index, scores) {
        // Both scales are written at once; the second row is copied when it is asked for, which is right after.
        if (scale === 'lift') {
          scores.set(lift);
          return;
        }
        writer.write(scorer, historyAt(cases, index), { evidence: scores, lift });
      },
    }),
  );
  return {
    cases,
    counting: planCounting(task.events, cases.times, task.asOf, task.split),
    items,
    excludeHistory: task.excludeHistory,
    components,
    counts: { halfLives: layout.terms.map((which) => halfLives[which]!), epsilon },
    moderators: moderatorsOf({ cases, components }, layout.terms.indexOf(now)),
  };
}

function modelOf(
  task: RivalTask,
  { rows, terms, width }: Layout,
  trainingCounts: Int32Array,
  { name, columns, weights }: WeightedRival,
): RivalModel {
  const counted = columns.filter((column) => column >= rows.length);
  const added = moderatorKinds.map((kind, place) => ({
    kind,
    // What is joined is joined with one half-life.
    term: 0,
    weights: columns.map((column) => weights[(1 + place) * width + column]!),
  }));
  return {
    name,
    excludeHistory: task.excludeHistory,
    window: task.window,
    components: columns
      .filter((column) => column < rows.length)
      .map((column) => ({ ...rows[column]!, weight: weights[column]! })),
    counts: {
      epsilon,
      terms: counted.map((column) => ({
        halfLife: halfLives[terms[column - rows.length]!]!,
        weight: weights[column]!,
      })),
    },
    moderators: added.some(({ weights }) => weights.some((weight) => weight !== 0)) ? added : [],
    trainingCounts,
  };
}
