import { ConfigError } from '#lib/contracts/errors.ts';
import type { SplitRanks } from '#lib/evaluation/evaluate.ts';
import { minimumStratum } from '#lib/evaluation/strata.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import type { FinishedCell } from './cells.ts';
import { compareSeeds, type SeededComparison, type SeededRanks } from './comparisons.ts';
import { holm, noiseFloor } from './corrections.ts';
import { strataOfCases } from './experiment-strata.ts';
import type { experimentOptions } from './options.ts';
import type { ExperimentResults, Verdict } from './results.ts';
import { scoresOf } from './scores.ts';

type Primary = (typeof experimentOptions)['_output']['primary'];

/** A rival or baseline with its ranks. */
interface RankedBaseline {
  readonly name: string;
  readonly ranks: SplitRanks;
}

/** Above this (corrected) p-value there is no difference. */
const significance = 0.05;

/** @throws ConfigError if the primary comparison is with nobody, before anything is trained */
export function expectPrimary(
  { primary }: { readonly primary?: Primary },
  models: readonly { readonly name: string }[],
  baselines: readonly RankedBaseline[],
): void {
  if (primary === undefined) return;
  const names = [...models, ...baselines].map(({ name }) => name);
  if (names.includes(primary.against)) return;
  throw new ConfigError(
    `primary.against is "${primary.against}", which is none of ${names.join(', ')}.`,
  );
}

/** What a difference is called where the noise floor is known, or not. */
export function verdictOf(difference: number, p: number, floor: number | null): Verdict {
  if (p >= significance || Math.abs(difference) < (floor ?? 0)) return 'none';
  return difference > 0 ? 'better' : 'worse';
}

/** What can be said of the finished cells: the primary comparison, and the grid's with their correction. */
export function concludeExperiment(
  finished: readonly FinishedCell[],
  baselines: readonly RankedBaseline[],
  users: readonly string[],
  primary: Primary,
): Pick<ExperimentResults, 'comparisons' | 'noiseFloor' | 'primary' | 'grid'> {
  const names = [...new Set(finished.map(({ result }) => result.name))];
  const cells = (name: string) => finished.filter(({ result }) => result.name === name);
  const models = names.map(
    (name): SeededRanks => ({ name, ranks: cells(name).map(({ ranks }) => ranks) }),
  );
  const rivals = baselines.map(({ name, ranks }): SeededRanks => ({ name, ranks: [ranks.test] }));
  const floor = noiseFloor(names.map((name) => cells(name).map(({ result }) => result.ndcg10)));
  const verdict = (difference: number, p: number) => verdictOf(difference, p, floor);
  const best = strongest(baselines);
  const controls = new Map(finished.map((cell) => [cell.result.name, cell.controls]));
  const own = models.filter(({ name }) => controls.get(name) === undefined);
  const kindOf = (name: string) => {
    const [{ result }] = cells(name) as [FinishedCell];
    return `${result.backbone} ${result.objective}`;
  };
  const family: SeededComparison[] = [
    ...compareSeeds(
      users,
      own,
      rivals.filter(({ name }) => name === best),
    ),
    ...compareSeeds(users, own.slice(1), own.slice(0, 1)),
    ...own.flatMap((model) => {
      const twin = own.find(({ name }) => kindOf(name) === kindOf(model.name));
      return twin === model || twin === own[0] ? [] : compareSeeds(users, [model], [twin!]);
    }),
    ...own.flatMap((model) =>
      compareSeeds(
        users,
        [model],
        models.filter(({ name }) => controls.get(name) === model.name),
      ),
    ),
  ];
  const corrected = holm(family.map(({ p }) => p));
  const asking = models.find(({ name }) => name === primary?.model);
  const other = [...models, ...rivals].find(({ name }) => name === primary?.against);
  const [asked] =
    asking === undefined || other === undefined ? [] : compareSeeds(users, [asking], [other]);
  return {
    comparisons: compareSeeds(users, models, rivals),
    noiseFloor: floor,
    primary: asked === undefined ? null : { ...asked, verdict: verdict(asked.difference, asked.p) },
    grid: family.map((comparison, at) => ({
      ...comparison,
      holm: corrected[at]!,
      verdict: verdict(comparison.difference, corrected[at]!),
    })),
  };
}

/**
 * NDCG@10 by stratum of the test cases: every model, all seeds together, beside the best rival on validation. Of few cases or
 * users nothing is said.
 */
export function strataOf(
  finished: readonly FinishedCell[],
  baselines: readonly RankedBaseline[],
  {
    test,
    shards,
    itemTable,
    events,
  }: Pick<BuiltSequences, 'test' | 'shards' | 'itemTable' | 'events'>,
  baseModelDate: string | undefined,
): ExperimentResults['strata'] {
  const training = {
    itemCounts: itemTable.counts,
    users: new Set(shards.flatMap(({ users }) => users)),
  };
  const scored = scorerOf(finished, baselines);
  return strataOfCases(test, training, events, baseModelDate)
    .filter(
      ({ indices }) =>
        indices.length >= minimumStratum.cases &&
        new Set(indices.map((at) => test.users[at])).size >= minimumStratum.users,
    )
    .map(({ by, name, indices }) => ({
      by,
      name,
      cases: indices.length,
      rankers: scored(indices),
    }));
}

/** Parts of the test cases, one after the other in time, that a trend has at most. */
const mostParts = 10;

/**
 * NDCG@10 of every model and the best rival in parts of the test cases of equal size, in the order of their times: how what was
 * trained once ages. Nothing where the cases are few.
 */
export function trendOf(
  finished: readonly FinishedCell[],
  baselines: readonly RankedBaseline[],
  { test }: Pick<BuiltSequences, 'test'>,
): ExperimentResults['trend'] {
  const { times } = test;
  const parts = Math.min(mostParts, Math.floor(times.length / minimumStratum.cases));
  if (parts < 2) return [];
  const scored = scorerOf(finished, baselines);
  const order = [...times.keys()].sort((a, b) => times[a]! - times[b]! || a - b);
  return Array.from({ length: parts }, (_, part) => {
    const end = (share: number) => Math.floor((order.length * share) / parts);
    const indices = order.slice(end(part), end(part + 1));
    return {
      from: times[indices[0]!]!,
      to: times[indices.at(-1)!]!,
      cases: indices.length,
      rankers: scored(indices),
    };
  });
}

/** NDCG@10 of the best rival and of every model, all seeds together, on some of the test cases. */
function scorerOf(finished: readonly FinishedCell[], baselines: readonly RankedBaseline[]) {
  const best = strongest(baselines);
  const rankers = [
    ...baselines.flatMap(({ name, ranks }) => (name === best ? [{ name, ranks: ranks.test }] : [])),
    ...finished.flatMap(({ result, ranks, controls }) =>
      controls === undefined ? [{ name: result.name, ranks }] : [],
    ),
  ];
  return (indices: readonly number[]) =>
    [...Map.groupBy(rankers, ({ name }) => name)].map(([name, own]) => {
      const values = own.map(
        ({ ranks }) => scoresOf(Int32Array.from(indices, (at) => ranks[at]!)).ndcg10,
      );
      return { name, ndcg10: values.reduce((sum, value) => sum + value, 0) / values.length };
    });
}

/** The best rival on validation, since test cases choose nothing. */
function strongest(baselines: readonly RankedBaseline[]): string | undefined {
  const scored = baselines.map(({ name, ranks }) => ({
    name,
    ndcg10: scoresOf(ranks.validation).ndcg10,
  }));
  return scored.toSorted((a, b) => b.ndcg10 - a.ndcg10)[0]?.name;
}
