import type { EvaluationConfig } from '#lib/contracts/config/promotion.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { assess, type Ranker } from './assess.ts';
import { championLabel, primaryMetric, type Stratum } from './evaluation-file.ts';
import { rankMetrics } from './metrics.ts';

/** What training saw. */
export interface TrainingFacts {
  /** How often each item was taken, item `i` at place `i - 1`. */
  readonly itemCounts: Int32Array;
  readonly users: ReadonlySet<string>;
}

/** Cases that have something in common, by their index. */
export interface CaseGroup {
  readonly by: Stratum['by'];
  readonly name: string;
  readonly indices: readonly number[];
}

/** Of a stratum with fewer cases or users nothing is said. */
export const minimumStratum = { cases: 100, users: 30 };
/** Rankers that are compared with each other in every stratum, beside the champion. */
const compared = 5;
/** The most common event types that have a stratum. */
const maximumEventTypes = 6;

/** Names of histories' lengths, and the longest that each means. */
const historyLengths: readonly (readonly [name: string, most: number])[] = [
  ['1 action', 1],
  ['2 to 4 actions', 4],
  ['5 to 19 actions', 19],
  ['20 actions or more', Number.POSITIVE_INFINITY],
];
/** Shares of all training actions, from the most popular item down, at which the head and the middle end. */
const popularityEnds = { head: 0.5, middle: 0.8 };

/**
 * Divides cases four ways: by the length of the history, by the popularity of the item that was taken, by whether the
 * user was trained on, and by the type of the event. A way that leaves all cases together is left out.
 */
export function stratify(cases: EvaluationCases, training: TrainingFacts): CaseGroup[] {
  const popularity = popularityClasses(training.itemCounts);
  const ways: readonly (readonly [
    by: Stratum['by'],
    names: readonly string[],
    nameOf: (index: number) => string,
  ])[] = [
    [
      'history',
      historyLengths.map(([name]) => name),
      (index) => {
        const length = cases.offsets[index + 1]! - cases.offsets[index]!;
        return historyLengths.find(([, most]) => length <= most)![0];
      },
    ],
    ['item', ['head', 'middle', 'tail', 'cold'], (index) => popularity[cases.targets[index]!]!],
    [
      'user',
      ['trained on', 'new'],
      (index) => (training.users.has(cases.users[index]!) ? 'trained on' : 'new'),
    ],
    ['event', commonest(cases.eventTypes), (index) => cases.eventTypes[index]!],
  ];
  return ways.flatMap(([by, names, nameOf]) => {
    const groups = new Map(names.map((name) => [name, [] as number[]]));
    for (let index = 0; index < cases.targets.length; index++) {
      groups.get(nameOf(index))?.push(index);
    }
    const filled = [...groups].filter(([, indices]) => indices.length > 0);
    return filled.length < 2 ? [] : filled.map(([name, indices]) => ({ by, name, indices }));
  });
}

/**
 * The class of each item, `[items + 1]`: the head has half of all training actions, the middle the next three tenths, the
 * tail the rest; a cold item has none.
 */
function popularityClasses(counts: Int32Array): string[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const order = Int32Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]! || a - b);
  const classes = new Array<string>(counts.length + 1).fill('cold');
  let before = 0;
  for (const row of order) {
    if (counts[row] === 0) break;
    const share = before / total;
    classes[row + 1] =
      share < popularityEnds.head ? 'head' : share < popularityEnds.middle ? 'middle' : 'tail';
    before += counts[row]!;
  }
  return classes;
}

function commonest(types: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, maximumEventTypes)
    .map(([type]) => type);
}

/**
 * Metrics of every ranker in every group, and the differences between the champion and those that are best on validation.
 *
 * @param validation primary metric on the validation cases, by ranker; the champion has none
 */
export function assessStrata(
  users: readonly string[],
  groups: readonly CaseGroup[],
  rankers: readonly Ranker[],
  validation: ReadonlyMap<string, number>,
  config: EvaluationConfig,
): Stratum[] {
  const metrics = rankMetrics([10]);
  metrics.delete('mrr@10');
  const best = [...validation]
    .sort(([, a], [, b]) => b - a)
    .slice(0, compared)
    .map(([name]) => name);
  const named = rankers.filter(({ name }) => name === championLabel || best.includes(name));
  const pairs = named.flatMap((a, at) => named.slice(at + 1).map((b) => [a.name, b.name] as const));
  return groups.map(({ by, name, indices }) => {
    const own = indices.map((index) => users[index]!);
    const numbers = { by, name, cases: own.length, users: new Set(own).size };
    const isEnough = numbers.cases >= minimumStratum.cases && numbers.users >= minimumStratum.users;
    if (!isEnough) return { ...numbers, rankers: [], differences: [] };
    const { estimates, difference } = assess(
      own,
      rankers.map((ranker) => ({
        name: ranker.name,
        ranks: Int32Array.from(indices, (index) => ranker.ranks[index]!),
      })),
      metrics,
      config,
    );
    return {
      ...numbers,
      rankers: rankers.map((ranker) => ({ name: ranker.name, metrics: estimates(ranker.name) })),
      differences: pairs.map(([a, b]) => ({ a, b, ...difference(a, b, primaryMetric) })),
    };
  });
}
