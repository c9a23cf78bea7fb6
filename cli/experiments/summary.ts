import { compareRanks, type Interval } from '#lib/evaluation/compare-ranks.ts';
import type { FinishedCell } from './cells.ts';
import type { CellResult, ExperimentResults } from './results.ts';
import type { ColdScores, Scores } from './scores.ts';

/**
 * Means and standard deviations over the seeds of each model, and what each gains on the first.
 *
 * @param users of the test cases
 */
export function summarise(
  finished: readonly FinishedCell[],
  users: readonly string[],
): ExperimentResults['summary'] {
  const names = [...new Set(finished.map(({ result }) => result.name))];
  return names.map((name) => {
    const own = cellsOf(finished, name).map(({ result }) => result);
    const over = (compute: (values: readonly number[]) => number): Scores => {
      const of = (metric: keyof Scores) => compute(own.map((cell) => cell[metric]));
      return { hr5: of('hr5'), ndcg5: of('ndcg5'), hr10: of('hr10'), ndcg10: of('ndcg10') };
    };
    const mean = (values: readonly number[]) =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = (values: readonly number[]) => {
      const centre = mean(values);
      const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
      return Math.sqrt(squares / (values.length - 1));
    };
    return {
      name,
      seeds: own.length,
      mean: over(mean),
      deviation: own.length > 1 ? over(deviation) : null,
      controls: finished.find(({ result }) => result.name === name)?.controls ?? null,
      cold: meanCold(own),
      shown: mean(own.map(({ shown }) => shown)),
      gain: name === names[0] ? null : gainOn(finished, names[0]!, name, users),
    };
  });
}

const cellsOf = (finished: readonly FinishedCell[], name: string) =>
  finished.filter(({ result }) => result.name === name);

function meanCold(own: readonly CellResult[]): ColdScores | null {
  const cold = own.flatMap((cell) => cell.cold ?? []);
  if (cold.length === 0) return null;
  const mean = (of: (scores: ColdScores) => number) =>
    cold.reduce((sum, scores) => sum + of(scores), 0) / cold.length;
  return {
    cases: cold[0]!.cases,
    hr10: mean(({ hr10 }) => hr10),
    warmHr10: mean(({ warmHr10 }) => warmHr10),
  };
}

/** The seeds that both have, one after the other; a user's cases are drawn together whatever the seed. */
function gainOn(
  finished: readonly FinishedCell[],
  first: string,
  name: string,
  users: readonly string[],
): Interval {
  const pairs = cellsOf(finished, name).flatMap(({ result, ranks }) => {
    const peer = cellsOf(finished, first).find((cell) => cell.result.seed === result.seed);
    return peer === undefined ? [] : [{ ranks, peer: peer.ranks }];
  });
  const joined = (of: (pair: (typeof pairs)[number]) => Int32Array) =>
    Int32Array.from(pairs.flatMap((pair) => [...of(pair)]));
  return compareRanks(
    pairs.flatMap(() => users),
    joined(({ ranks }) => ranks),
    joined(({ peer }) => peer),
    { bootstrapSamples: 2000, confidence: 0.95, seed: 1 },
  ).difference;
}
