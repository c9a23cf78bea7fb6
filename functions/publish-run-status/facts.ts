import type { JsonService } from '#functions/shared/json-service.ts';
import type { Objects } from '#functions/shared/objects.ts';
import { pipelineConfig } from '#lib/pipeline/config.ts';
import { runs } from '#lib/pipeline/keys.ts';
import type { PriceList } from '#lib/pipeline/prices.ts';
import { verdictFile } from '#lib/promotion/verdict.ts';
import type { RunFacts, StatusChange } from './execution.ts';
import { endpointSeconds, paidTraining, spent } from './spending.ts';

export interface Sources {
  readonly objects: Objects;
  readonly sagemaker: JsonService;
  readonly states: JsonService;
  readonly prices: PriceList;
  /** The deployment's name, with which everything that a run creates begins. */
  readonly prefix: string;
}

/** Nothing is known yet, or ever. */
export const noFacts: RunFacts = { promoted: null, usd: null, report: null };

/** Finds out how a run that has ended went, and what it cost. */
export async function findFacts(
  sources: Sources,
  run: string,
  change: StatusChange,
): Promise<RunFacts> {
  const { objects } = sources;
  const verdict = await objects.getVersion(runs.verdict(run), verdictFile);
  const report = await objects.head(runs.report(run));
  return {
    promoted: verdict?.value.promoted ?? null,
    usd: await findSpent(sources, run, change),
    report: report === undefined ? null : report.key,
  };
}

async function findSpent(
  { objects, sagemaker, states, prices, prefix }: Sources,
  run: string,
  change: StatusChange,
): Promise<number | null> {
  const config = await objects.getVersion(runs.config(run), pipelineConfig);
  if (config === undefined) return 0;
  const endedAt = (change.stopDate ?? Date.now()) / 1000;
  const seconds = await endpointSeconds(states, change.executionArn, endedAt);
  const training = await paidTraining(sagemaker, `${prefix}-${run}-`);
  // The first type is what is paid for unless there was no capacity; the others cost about the same.
  const instanceType = config.value.operations.environmentInstanceTypes[0]!;
  return spent([...training, { instanceType, seconds }], prices);
}
