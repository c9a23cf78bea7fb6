import type { PipelineConfig } from '#lib/contracts/config.ts';
import type { DataCounts } from './data-counts.ts';
import type { StepMemory } from './memory.ts';
import type { Prices } from './prices.ts';
import type { StepTime } from './times.ts';
import { objectsOf, shardsOf } from './work.ts';

/*
 * The night's functions that see all of a night at once, beside what a function may have (stacks/retraining/stack.ts,
 * stacks/constructs/expiry.ts).
 */

const functionSeconds = 900;
/** Of `expire-runs`, which lists everything that the nights have left. */
const expireMegabytes = 512;
/** Of `plan-environment`, which matches the ids of the vocabulary with those of the environment. */
const planMegabytes = 1769;
const baseMegabytes = 120;

/** How long they take. */
export function functionTimes(
  config: PipelineConfig,
  counts: DataCounts,
  { throughput }: Prices,
): StepTime[] {
  const requests = shardsOf(config, counts) * throughput.requestSeconds;
  return [
    {
      step: 'EvaluateModels',
      expectedSeconds:
        (throughput.evaluateSecondsPerMillion * counts.interactions) / 1e6 + requests,
      limitSeconds: functionSeconds,
      limit: 'a function may take',
      remedy:
        'Raise sequences.shardItems, so that there are fewer objects to read, or keep fewer interactions in the bucket.',
    },
  ];
}

/** How much memory they need. */
export function functionMemory(
  config: PipelineConfig,
  counts: DataCounts,
  { throughput }: Prices,
): StepMemory[] {
  const { runDays } = config.operations.retention;
  const listed = runDays * objectsOf(config, counts);
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
      step: 'expire-runs',
      expectedMegabytes: Math.ceil(
        baseMegabytes + (throughput.listMegabytesPerThousand * listed) / 1000,
      ),
      limitMegabytes: expireMegabytes,
      limit: 'the function has',
      remedy:
        'Lower operations.retention.runDays, or raise sequences.shardItems, so that there are fewer objects to list.',
    },
  ];
}
