import { resolveModel } from '#lib/contracts/config/presets.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import type { DataCounts } from './data-counts.ts';
import type { StepMemory } from './memory.ts';
import type { Prices } from './prices.ts';
import type { StepTime } from './times.ts';
import { expiryPages, type StepWork, shardsOf } from './work.ts';

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

/** How long they take. */
export function functionTimes(
  config: PipelineConfig,
  counts: DataCounts,
  { throughput }: Prices,
  work: readonly StepWork[],
): StepTime[] {
  const requests = shardsOf(config, counts) * throughput.requestSeconds;
  return [
    {
      step: 'EvaluateModels',
      expectedSeconds:
        (throughput.evaluateSecondsPerMillion * (counts.learned ?? counts.interactions)) / 1e6 +
        requests,
      limitSeconds: functionSeconds,
      limit: 'a function may take',
      remedy:
        'Raise sequences.shardItems, so that there are fewer objects to read, or keep fewer interactions in the bucket.',
    },
    {
      step: 'expire-runs',
      expectedSeconds: expiryPages(work, config) * throughput.pageSeconds,
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
  const widest = Math.max(...models.map((model) => resolveModel(config.training, model).dimension));
  const shown = counts.catalogueItems ?? counts.items;
  return [
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
