import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  runOf,
  type StatusChange,
  statusChange,
  toRunEvent,
} from '#functions/publish-run-status/execution.ts';
import { findFacts, noFacts } from '#functions/publish-run-status/facts.ts';
import { endpointUse, paidTraining, spent } from '#functions/publish-run-status/spending.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runEvent } from '#lib/contracts/status-event.ts';
import { priceList } from '#lib/cost/prices.ts';
import { judgeTrend } from '#lib/promotion/prequential.ts';
import { decide } from '#lib/promotion/verdict.ts';
import { toJson } from '#platform/json.ts';
import type { JsonService } from '#platform/json-service.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import { evaluationOf } from '../../lib/promotion/evaluations.ts';
import { nightOf } from '../../lib/promotion/nights.ts';
import { startBucket } from '../bucket.ts';

const start = Date.parse('2026-11-23T03:30:00Z');

/** An event as EventBridge delivers it. */
const change = (detail: Partial<StatusChange>): StatusChange =>
  statusChange.parse({
    version: '0',
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    detail: {
      executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:lea-dev-nightly:e1',
      stateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:lea-dev-nightly',
      name: 'e1',
      status: 'RUNNING',
      startDate: start,
      stopDate: null,
      input: '{"scheduledTime": "2026-11-23T23:30:00Z"}',
      output: null,
      inputDetails: { included: true },
      ...detail,
    },
  }).detail;

/** A service that answers an operation's calls with these pages, one after the other. */
function service(pages: Record<string, object[]>): JsonService & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    async call(operation, _input, answer) {
      calls.push(operation);
      return answer.parse(pages[operation]!.shift());
    },
  };
}

describe('Function: runOf', () => {
  it.each([
    ['its output', { status: 'SUCCEEDED', output: '{"run": "night-7"}' }, 'night-7'],
    ['its input', { input: '{"run": "by-hand"}' }, 'by-hand'],
    ['the scheduled time in the time zone', {}, '2026-11-24'],
    ['its start', { input: '{}' }, '2026-11-23'],
    ['its start, when the input was too large for an event', { input: null }, '2026-11-23'],
  ] as const)('knows the run from %s', (_, detail, run) => {
    expect(runOf(change(detail), 'Europe/Berlin')).toBe(run);
  });
});

describe('Function: toRunEvent', () => {
  it('tells a night that had nothing new from one that worked', () => {
    const output = '{"run": "a", "unchangedSince": "b"}';
    const event = toRunEvent(
      change({ status: 'SUCCEEDED', stopDate: start, output }),
      'a',
      noFacts,
    );

    expect(runEvent.parse(event).status).toBe('skipped');
  });

  it.each([
    ['RUNNING', 'running', null],
    ['SUCCEEDED', 'succeeded', null],
    ['FAILED', 'failed', { error: 'CostCapError', cause: 'too dear' }],
    ['TIMED_OUT', 'failed', { error: 'CostCapError', cause: 'too dear' }],
  ] as const)('words %s as %s', (status, wanted, failure) => {
    // Arrange
    const ended = change({
      status,
      stopDate: start + 60_000,
      error: 'CostCapError',
      cause: 'too dear',
    });
    // Act
    const event = toRunEvent(ended, 'a', noFacts);
    // Assess
    expect(runEvent.parse(event)).toMatchObject({
      status: wanted,
      failure,
      endedAt: '2026-11-23T03:31:00.000Z',
    });
  });

  it('names the status of an execution that was stopped by hand', () => {
    expect(toRunEvent(change({ status: 'ABORTED' }), 'a', noFacts).failure).toStrictEqual({
      error: 'ABORTED',
      cause: '',
    });
  });
});

describe('Function: paidTraining', () => {
  it('adds up the jobs of the run, page after page, and no others', async () => {
    // Arrange
    const job = (name: string) => ({ TrainingJobName: name });
    const sagemaker = service({
      ListTrainingJobs: [
        { TrainingJobSummaries: [job('lea-dev--a-1-sasrec-0')], NextToken: 'more' },
        {
          TrainingJobSummaries: [
            job('x-lea-dev--a-1-other'),
            job('lea-dev--a-2-gru-0'),
            // Of the first attempt at run `a-2`.
            job('lea-dev--a-2-1-gru-0'),
          ],
        },
      ],
      DescribeTrainingJob: [
        {
          BillableTimeInSeconds: 100,
          OutputDataConfig: { S3OutputPath: 's3://data/runs/a/jobs/' },
          ResourceConfig: { InstanceType: 'ml.c5.2xlarge', InstanceCount: 1 },
        },
        // A job that never got an instance.
        {
          OutputDataConfig: { S3OutputPath: 's3://data/runs/a/jobs/' },
          ResourceConfig: { InstanceType: 'ml.c5.2xlarge', InstanceCount: 1 },
        },
        {
          BillableTimeInSeconds: 999,
          OutputDataConfig: { S3OutputPath: 's3://data/runs/a-2/jobs/' },
          ResourceConfig: { InstanceType: 'ml.c5.2xlarge', InstanceCount: 1 },
        },
      ],
    });
    // Act
    const paid = await paidTraining(sagemaker, 'lea-dev--a-', 's3://data/runs/a/jobs/');
    // Assess
    expect(paid).toStrictEqual([
      { instanceType: 'ml.c5.2xlarge', seconds: 100 },
      { instanceType: 'ml.c5.2xlarge', seconds: 0 },
    ]);
  });
});

describe('Function: endpointUse', () => {
  const entered = (timestamp: number, name: string) => ({
    timestamp,
    type: 'TaskStateEntered',
    stateEnteredEventDetails: { name },
  });
  const useIn = (...pages: object[]) =>
    endpointUse(service({ GetExecutionHistory: pages }), 'arn', 1000);

  it('counts from the creation to the removal, over pages', async () => {
    const use = await useIn(
      {
        events: [
          entered(10, 'BeginRun'),
          entered(90, 'CreateEndpoint'),
          entered(100, 'WaitForEnvironment'),
          entered(130, 'WaitForEnvironment'),
        ],
        nextToken: 'more',
      },
      { events: [{ timestamp: 150 }, entered(400, 'StopEnvironment'), entered(500, 'EndRun')] },
    );
    expect(use).toStrictEqual({ instance: 0, seconds: 300 });
  });

  it('counts only the instance type that there was', async () => {
    const use = await useIn({
      events: [
        // SageMaker found no such instance, then refused to look for one; the third was there.
        ...[entered(0, 'CreateEndpoint'), entered(5, 'WaitForEnvironment')],
        ...[entered(300, 'StopEnvironment'), entered(301, 'CreateEndpoint')],
        ...[entered(700, 'StopEnvironment'), entered(701, 'CreateEndpoint')],
        ...[entered(702, 'WaitForEnvironment'), entered(802, 'StopEnvironment')],
      ],
    });
    expect(use).toStrictEqual({ instance: 2, seconds: 100 });
  });

  it('counts nothing for an endpoint that was refused', async () => {
    const use = await useIn({
      events: [entered(100, 'CreateEndpoint'), entered(600, 'StopEnvironment')],
    });
    expect(use).toStrictEqual({ instance: 0, seconds: 0 });
  });

  it('counts an endpoint that was left behind up to the end', async () => {
    const use = await useIn({
      events: [entered(100, 'CreateEndpoint'), entered(110, 'WaitForEnvironment')],
    });
    expect(use).toStrictEqual({ instance: 0, seconds: 890 });
  });

  it('is nothing without an endpoint', async () => {
    expect(await useIn({ events: [entered(10, 'BeginRun')] })).toBeUndefined();
  });
});

describe('Function: spent', () => {
  const list = priceList.parse(prices);

  it('is hours times price', () => {
    const paid = [
      { instanceType: 'ml.g5.xlarge', seconds: 1800 },
      { instanceType: 'ml.c5.2xlarge', seconds: 3600 },
    ];
    expect(spent(paid, list)).toBeCloseTo(1.408 / 2 + 0.408, 9);
  });

  it('is unknown when a price is', () => {
    expect(spent([{ instanceType: 'ml.x.y', seconds: 1 }], list)).toBeNull();
  });
});

describe('Function: findFacts', () => {
  let bucket: Awaited<ReturnType<typeof startBucket>>;
  beforeAll(async () => {
    bucket = await startBucket();
  });
  afterAll(() => bucket.stop());

  it('reads the verdict, the report and what was paid', async () => {
    // Arrange
    const { objects } = bucket;
    const model = { name: 'a', backbone: 'sasrec', objective: 'snqn' };
    const config = parseConfig({ training: { models: [model] } }, 'test');
    await objects.putBytes(runs.config('a'), toJson(config));
    const lags = [nightOf(2, -0.02), nightOf(3, -0.02)];
    const trend = judgeTrend(lags, 7, 0.95, 100);
    const verdict = { ...decide(evaluationOf(), config.promotion), trend };
    await objects.putJson(runs.verdict('a'), verdict);
    await objects.putBytes(runs.report('a'), '<html></html>');
    const sources = {
      objects,
      prices: priceList.parse(prices),
      deployment: 'lea-dev',
      sagemaker: service({ ListTrainingJobs: [{ TrainingJobSummaries: [] }] }),
      states: service({ GetExecutionHistory: [{ events: [] }] }),
    };
    // Act
    const facts = await findFacts(sources, 'a', change({ status: 'SUCCEEDED', stopDate: start }));
    // Assess
    expect(facts).toStrictEqual({
      promoted: true,
      championLags: true,
      usd: 0,
      report: runs.report('a'),
    });
  });

  it('asks nobody about a run that never began', async () => {
    // Arrange
    const silent = service({});
    const sources = {
      objects: bucket.objects,
      prices: priceList.parse(prices),
      deployment: 'lea-dev',
      sagemaker: silent,
      states: silent,
    };
    // Act
    const facts = await findFacts(sources, 'never', change({ status: 'FAILED' }));
    // Assess
    expect(facts).toStrictEqual({ promoted: null, championLags: null, usd: 0, report: null });
    expect(silent.calls).toStrictEqual([]);
  });
});
