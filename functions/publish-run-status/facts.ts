import * as z from 'zod';
import { readAskingInstances } from '#functions/shared/asking-instances.ts';
import { runResources } from '#lib/contracts/job-name.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { PriceList } from '#lib/cost/prices.ts';
import type { JsonService } from '#platform/json-service.ts';
import type { Objects } from '#platform/objects.ts';
import type { RunFacts, StatusChange } from './execution.ts';
import { endpointUse, paidTraining, spent } from './spending.ts';

export interface Sources {
  readonly objects: Objects;
  readonly sagemaker: JsonService;
  readonly states: JsonService;
  readonly prices: PriceList;
  /** The deployment's name. */
  readonly deployment: string;
}

/** As much of these files as is told, so that those of another release do not keep a run's end from being announced. */
const verdict = z.looseObject({
  promoted: z.boolean(),
  trend: z.looseObject({ word: z.string() }).optional(),
});
const config = z.looseObject({
  operations: z.looseObject({ environmentInstanceTypes: z.array(z.string()) }),
});

/** Nothing is known yet, or ever. */
export const noFacts: RunFacts = {
  promoted: null,
  championLags: null,
  usd: null,
  report: null,
};

/** Finds out how a run that has ended went, and what it cost. */
export async function findFacts(
  sources: Sources,
  run: string,
  change: StatusChange,
): Promise<RunFacts> {
  const { objects } = sources;
  const found = await objects.getVersion(runs.verdict(run), verdict);
  const report = await objects.head(runs.report(run));
  return {
    promoted: found?.value.promoted ?? null,
    championLags: found?.value.trend === undefined ? null : found.value.trend.word === 'worse',
    usd: await findSpent(sources, run, change),
    report: report === undefined ? null : report.key,
  };
}

async function findSpent(
  { objects, sagemaker, states, prices, deployment }: Sources,
  run: string,
  change: StatusChange,
): Promise<number | null> {
  const begun = await objects.getVersion(runs.config(run), config);
  if (begun === undefined) return 0;
  const endedAt = (change.stopDate ?? Date.now()) / 1000;
  const paid = await paidTraining(
    sagemaker,
    runResources(deployment, run),
    `s3://${objects.bucket}/${runs.jobsPrefix(run)}`,
  );
  const endpoint = await endpointUse(states, change.executionArn, endedAt);
  if (endpoint !== undefined) {
    const { environmentInstanceTypes } = begun.value.operations;
    const instanceType = environmentInstanceTypes[endpoint.instance] ?? 'unknown';
    const instances = await readAskingInstances(objects, run);
    paid.push({ instanceType, seconds: instances * endpoint.seconds });
  }
  return spent(paid, prices);
}
