import { resolveModel } from '#lib/contracts/config/presets.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import type { DataCounts } from './data-counts.ts';
import { fitMegabytes } from './fit-memory.ts';
import { itemWidth } from './item-width.ts';
import type { StepMemory } from './memory.ts';
import type { Prices } from './prices.ts';
import type { StepTime } from './times.ts';
import { casesOf, evaluateGigabytes, expiryPages, type StepWork, verdictSeconds } from './work.ts';

/*
 * The night's functions that see all of a night at once, beside what a function may have (stacks/retraining/stack.ts,
 * stacks/constructs/expiry.ts, stacks/serving/stack.ts).
 */

const functionSeconds = 900;
/** Of `plan-environment`, which matches the ids of the vocabulary with those of the environment. */
const planMegabytes = 1769;
/** Of `recommend`, which has the items' vectors, ids and titles. */
const recommendMegabytes = 1769;
const baseMegabytes = 120;

const fewerToRank =
  'Lower sequences.maximumCases, or raise sequences.minimumItemInteractions, so that there are fewer items to rank.';

/** How long they take. */
export function functionTimes(
  config: PipelineConfig,
  counts: DataCounts,
  tables: Prices,
  work: readonly StepWork[],
): StepTime[] {
  const { fitRivals, rankRivals, evaluate } = verdictSeconds(config, counts, tables);
  return [
    {
      step: 'FitRivals',
      expectedSeconds: fitRivals,
      limitSeconds: functionSeconds,
      limit: 'a function may take',
      remedy: 'Set sequences.maximumInteractions, or raise sequences.shardItems.',
    },
    {
      step: 'RankRivals',
      expectedSeconds: rankRivals,
      limitSeconds: functionSeconds,
      limit: 'a function may take',
      remedy: fewerToRank,
    },
    {
      step: 'EvaluateModels',
      expectedSeconds: evaluate,
      limitSeconds: functionSeconds,
      limit: 'a function may take',
      remedy: 'Lower sequences.maximumCases, or raise sequences.shardItems.',
    },
    {
      step: 'expire-runs',
      expectedSeconds: expiryPages(work, config) * tables.throughput.pageSeconds,
      limitSeconds: functionSeconds,
      limit: 'a function may take',
      remedy: 'Raise sequences.shardItems, so that a night leaves fewer objects.',
    },
  ];
}

/** How much memory they need. */
export function functionMemory(
  config: PipelineConfig,
  counts: DataCounts,
  { throughput }: Prices,
): StepMemory[] {
  const { models } = config.training;
  const widest = Math.max(
    ...models.map((model) => itemWidth(resolveModel(config.training, model))),
  );
  const shown = counts.catalogueItems ?? counts.items;
  const { rankRivalsMegabytes: rank, evaluateMegabytes: evaluate } = throughput;
  return [
    {
      step: 'FitRivals',
      expectedMegabytes: fitMegabytes(counts, throughput),
      limitMegabytes: evaluateGigabytes * 1024,
      limit: 'the function has',
      remedy:
        'Raise sequences.minimumItemInteractions, so that there are fewer items, or set sequences.maximumInteractions.',
    },
    {
      step: 'RankRivals',
      expectedMegabytes: Math.ceil(
        rank.base +
          (rank.perThousandCases * casesOf(config, counts)) / 1000 +
          (rank.perThousandItems * counts.items) / 1000,
      ),
      limitMegabytes: evaluateGigabytes * 1024,
      limit: 'the function has',
      remedy: fewerToRank,
    },
    {
      step: 'EvaluateModels',
      expectedMegabytes: Math.ceil(
        evaluate.base + (evaluate.perThousandCases * casesOf(config, counts)) / 1000,
      ),
      limitMegabytes: evaluateGigabytes * 1024,
      limit: 'the function has',
      remedy: 'Lower sequences.maximumCases.',
    },
    {
      step: 'PlanEnvironment',
      expectedMegabytes: Math.ceil(
        baseMegabytes + (throughput.itemMegabytesPerThousand * counts.items) / 1000,
      ),
      limitMegabytes: planMegabytes,
      limit: 'the function has',
      remedy: 'Raise sequences.minimumItemInteractions, so that there are fewer items to train on.',
    },
    {
      step: 'recommend',
      expectedMegabytes: Math.ceil(
        baseMegabytes +
          (throughput.itemMegabytesPerThousand * shown) / 1000 +
          (4 * counts.items * widest) / 1e6,
      ),
      limitMegabytes: recommendMegabytes,
      limit: 'the function has',
      remedy:
        'Raise sequences.minimumItemInteractions, so that there are fewer items to recommend, or lower the dimension.',
    },
  ];
}
