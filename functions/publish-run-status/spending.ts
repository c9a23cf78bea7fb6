import * as z from 'zod';
import type { PriceList } from '#lib/cost/prices.ts';
import type { JsonService } from '#platform/json-service.ts';

/** Seconds that an instance was paid for. */
export interface Paid {
  readonly instanceType: string;
  readonly seconds: number;
}

const listed = z.looseObject({
  TrainingJobSummaries: z.array(z.looseObject({ TrainingJobName: z.string() })),
  NextToken: z.string().nullish(),
});
const described = z.looseObject({
  /** Where it writes: below its run's prefix. */
  OutputDataConfig: z.looseObject({ S3OutputPath: z.string() }),
  /** Already without what spot training saved. */
  BillableTimeInSeconds: z.number().nullish(),
  ResourceConfig: z.looseObject({
    InstanceType: z.string().nullish(),
    InstanceCount: z.number().nullish(),
  }),
});

/**
 * What the training jobs of a run, all its attempts together, were paid for.
 *
 * @param nameStart with which their names begin, and perhaps those of a run whose name goes on (`a` and `a-1`)
 * @param output URI below which the run's jobs write
 */
export async function paidTraining(
  sagemaker: JsonService,
  nameStart: string,
  output: string,
): Promise<Paid[]> {
  const paid: Paid[] = [];
  let token: string | null | undefined;
  do {
    const page = await sagemaker.call(
      'ListTrainingJobs',
      { NameContains: nameStart, MaxResults: 100, ...(token && { NextToken: token }) },
      listed,
    );
    for (const { TrainingJobName } of page.TrainingJobSummaries) {
      if (!TrainingJobName.startsWith(nameStart)) continue;
      const job = await sagemaker.call('DescribeTrainingJob', { TrainingJobName }, described);
      if (!job.OutputDataConfig.S3OutputPath.startsWith(output)) continue;
      const { InstanceType, InstanceCount } = job.ResourceConfig;
      paid.push({
        instanceType: InstanceType ?? 'unknown',
        seconds: (job.BillableTimeInSeconds ?? 0) * (InstanceCount ?? 1),
      });
    }
    token = page.NextToken;
  } while (token);
  return paid;
}

const history = z.looseObject({
  events: z.array(
    z.looseObject({
      timestamp: z.number(),
      type: z.string().nullish(),
      stateEnteredEventDetails: z.looseObject({ name: z.string() }).nullish(),
    }),
  ),
  nextToken: z.string().nullish(),
});

/** The states that tell of an endpoint (stacks/retraining/endpoint-states.ts). */
const asked = 'CreateEndpoint';
const created = 'WaitForEnvironment';
const deleted = 'StopEnvironment';
/** With these an execution ends that cleans nothing up; the janitor does. One that is redriven afterwards has no endpoint. */
const cutOff: readonly string[] = ['ExecutionAborted', 'ExecutionTimedOut'];

/** The endpoint of an execution. */
export interface EndpointUse {
  /** Which of the configured instance types it ran on, from 0. */
  readonly instance: number;
  readonly seconds: number;
}

/**
 * What endpoint an execution had, and for how long. A next instance type is tried only when there was none of the one
 * before, and what was not there is not paid for: the last one counts.
 *
 * @param endedAt when the execution ended, seconds since 1970; an endpoint that it left behind is counted up to then
 * @returns undefined when the execution asked for none
 */
export async function endpointUse(
  states: JsonService,
  executionArn: string,
  endedAt: number,
): Promise<EndpointUse | undefined> {
  let instance = -1;
  let seconds = 0;
  let since: number | undefined;
  let token: string | null | undefined;
  do {
    const page = await states.call(
      'GetExecutionHistory',
      {
        executionArn,
        maxResults: 1000,
        includeExecutionData: false,
        ...(token && { nextToken: token }),
      },
      history,
    );
    for (const { timestamp, type, stateEnteredEventDetails } of page.events) {
      const name = stateEnteredEventDetails?.name;
      if (name === asked) {
        instance++;
        seconds = 0;
      } else if (name === created) {
        since ??= timestamp;
      } else if ((name === deleted || cutOff.includes(type ?? '')) && since !== undefined) {
        seconds = timestamp - since;
        since = undefined;
      }
    }
    token = page.nextToken;
  } while (token);
  if (instance < 0) return undefined;
  return { instance, seconds: since === undefined ? seconds : Math.max(0, endedAt - since) };
}

/** @returns USD; null when an instance type has no price */
export function spent(paid: readonly Paid[], { instanceHour }: PriceList): number | null {
  let usd = 0;
  for (const { instanceType, seconds } of paid) {
    const hour = instanceHour[instanceType];
    if (hour === undefined) return null;
    usd += (hour * seconds) / 3600;
  }
  return usd;
}
