import type { EvaluationConfig } from '#lib/contracts/config/promotion.ts';
import { type EvaluationCases, requestOffsets } from '#lib/sequences/evaluation-cases.ts';
import type { ListMetrics } from './evaluation-file.ts';
import { bootstrapMeans, numberUsers, percentileInterval } from './resampling.ts';

/** The lists of the test cases. */
export interface RankedTestLists {
  /** Item indices, 0 where there are no more, `[cases, listLength]`. */
  readonly items: Int32Array;
  readonly listLength: number;
}

/** Items whose share of all places is told. */
const commonest = 10;

/**
 * What a ranker shows, whether or not it was taken: how many different items and what share of the catalogue, the share
 * of all places that the ten commonest items have, and novelty, the mean self-information of what is shown (Zhou et al.
 * 2010, https://doi.org/10.1073/pnas.1000488107): `-log2 p(i)`, `p` an item's share of training actions, each item
 * counted once more, in bits. The list of a request counts once, however many cases it answers.
 *
 * @param itemCounts how often each item was taken in training, item `i` at place `i - 1`. Items of lists that come after
 *   those are the rest of the catalogue, which models of texts know too: nobody has taken them
 */
export function assessLists(
  { items, listLength }: RankedTestLists,
  cases: EvaluationCases,
  itemCounts: Int32Array,
  config: EvaluationConfig,
): Omit<ListMetrics, 'name'> {
  const catalogue = itemCounts.length;
  const actions = itemCounts.reduce((sum, count) => sum + count, 0);
  const shown = new Int32Array(items.reduce((a, b) => Math.max(a, b), catalogue) + 1);
  const begins = requestOffsets(cases).subarray(0, -1);
  const { numbers, users } = numberUsers(Array.from(begins, (begin) => cases.users[begin]!));
  const places = new Float64Array(users);
  const information = new Float64Array(users);
  begins.forEach((begin, request) => {
    const user = numbers[request]!;
    for (const item of items.subarray(begin * listLength, (begin + 1) * listLength)) {
      if (item === 0) continue;
      shown[item]!++;
      places[user]!++;
      information[user]! += Math.log2((actions + catalogue) / ((itemCounts[item - 1] ?? 0) + 1));
    }
  });
  const filled = places.reduce((sum, count) => sum + count, 0);
  const distinctIn = (some: Int32Array) =>
    some.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const most = shown.slice().sort().subarray(-commonest);
  const resampled = bootstrapMeans(
    { cases: places, columns: [information] },
    config.bootstrapSamples,
    config.seed,
  );
  return {
    distinctItems: distinctIn(shown),
    coverage: distinctIn(shown.subarray(0, catalogue + 1)) / Math.max(1, catalogue),
    commonestShare: most.reduce((sum, count) => sum + count, 0) / Math.max(1, filled),
    novelty: {
      value: information.reduce((sum, bits) => sum + bits, 0) / Math.max(1, filled),
      ...percentileInterval(resampled[0]!, config.confidence),
    },
  };
}
