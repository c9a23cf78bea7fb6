import * as z from 'zod';
import { call, send } from './api.ts';
import { type Address, account } from './emulator.ts';
import { functionLogs } from './logs.ts';

/** A metric by what tells it apart. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  /** In the order of their names. */
  readonly dimensions: readonly { readonly name: string; readonly value: string }[];
}

const dimension = z
  .strictObject({ Name: z.string(), Value: z.string() })
  .transform(({ Name, Value }) => ({ name: Name, value: Value }));
const metric = z
  .looseObject({
    Namespace: z.string(),
    MetricName: z.string(),
    Dimensions: z.array(dimension).default([]),
  })
  .transform(({ Namespace, MetricName, Dimensions }) =>
    metricOf(Namespace, MetricName, Dimensions),
  );

function metricOf(namespace: string, name: string, dimensions: Metric['dimensions']): Metric {
  const sorted = dimensions.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { namespace, name, dimensions: sorted };
}

/** For messages, and to compare metrics by. */
const describeMetric = ({ namespace, name, dimensions }: Metric) =>
  `${namespace} ${name} of ${dimensions.map(({ name, value }) => `${name}=${value}`).join(', ')}`;

const watched = {
  AlarmName: z.string(),
  AlarmActions: z.array(z.string()),
  OKActions: z.array(z.string()),
  ActionsEnabled: z.boolean(),
};
const described = z.looseObject({
  MetricAlarms: z.array(
    z.union([
      z
        .looseObject({
          ...watched,
          Metrics: z.array(
            z.looseObject({ MetricStat: z.looseObject({ Metric: metric }).optional() }),
          ),
        })
        .transform(({ Metrics, ...alarm }) => ({
          ...alarm,
          metrics: Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []),
        })),
      z.looseObject(watched).transform((alarm) => ({ ...alarm, metrics: [metric.parse(alarm)] })),
    ]),
  ),
});

/** The account's alarms as CloudWatch knows them, each with the metrics that it watches. */
export async function describeAlarms(address: Address) {
  const target = 'GraniteServiceVersion20100801.DescribeAlarms';
  const input = { MaxRecords: 100 };
  return (await call(address, 'monitoring', target, input, described)).MetricAlarms;
}

const shown = z.looseObject({
  widgets: z.array(
    z.looseObject({
      properties: z.looseObject({
        metrics: z.array(z.array(z.union([z.string(), z.looseObject({})]))).default([]),
      }),
    }),
  ),
});

/** The metrics that a dashboard shows. */
export async function dashboardMetrics(address: Address, name: string): Promise<Metric[]> {
  const target = 'GraniteServiceVersion20100801.GetDashboard';
  const answer = z.looseObject({ DashboardBody: z.string() });
  const { DashboardBody } = await call(
    address,
    'monitoring',
    target,
    { DashboardName: name },
    answer,
  );
  const { widgets } = shown.parse(JSON.parse(DashboardBody));
  return widgets
    .flatMap(({ properties }) => properties.metrics)
    .flatMap((row) => {
      // Namespace, name, then dimensions by name and value, then options; an expression has options only.
      const [namespace, metricName, ...rest] = row.filter((part) => typeof part === 'string');
      if (namespace === undefined || metricName === undefined) return [];
      const dimensions = rest.flatMap((name, at) =>
        at % 2 === 0 ? { name, value: rest[at + 1] ?? '' } : [],
      );
      return metricOf(namespace, metricName, dimensions);
    });
}

const embedded = z.looseObject({
  _aws: z.looseObject({
    CloudWatchMetrics: z.array(
      z.looseObject({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.looseObject({ Name: z.string() })),
      }),
    ),
  }),
});

/** What functions have reported so far in their logs, where CloudWatch finds metrics (the emulator does not). */
async function reportedMetrics(address: Address): Promise<Metric[]> {
  const lines = [...(await functionLogs(address)).values()].flat();
  return lines
    .filter((line) => line.startsWith('{"_aws":'))
    .map((line) => embedded.parse(JSON.parse(line)))
    .flatMap(({ _aws, ...values }) =>
      _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
        Dimensions.flatMap((names) =>
          Metrics.map(({ Name }) => {
            const dimensions = names.map((name) => ({ name, value: String(values[name]) }));
            return metricOf(Namespace, Name, dimensions);
          }),
        ),
      ),
    );
}

/** True when the function, queue or state machine that AWS reports a metric of has been deployed. */
async function isOfDeployed(address: Address, { namespace, dimensions }: Metric) {
  const [only, ...others] = dimensions;
  if (only === undefined) return false;
  if (others.length > 0) return isReleased(address, dimensions);
  const { name, value } = only;
  const json = { contentType: 'application/x-amz-json-1.0' };
  switch (`${namespace} ${name}`) {
    case 'AWS/Lambda FunctionName': {
      const path = `/2015-03-31/functions/${value}`;
      return (await send(address, { service: 'lambda', method: 'GET', path })).ok;
    }
    case 'AWS/SQS QueueName': {
      const headers = { 'x-amz-target': 'AmazonSQS.GetQueueUrl' };
      const body = JSON.stringify({ QueueName: value });
      return (await send(address, { service: 'sqs', ...json, headers, body })).ok;
    }
    case 'AWS/States StateMachineArn': {
      const headers = { 'x-amz-target': 'AWSStepFunctions.DescribeStateMachine' };
      const body = JSON.stringify({ stateMachineArn: value });
      return (await send(address, { service: 'states', ...json, headers, body })).ok;
    }
    default:
      return false;
  }
}

/** True for a metric of the version that an alias stands for. */
async function isReleased(address: Address, dimensions: Metric['dimensions']): Promise<boolean> {
  const value = (wanted: string) => dimensions.find(({ name }) => name === wanted)?.value;
  const [name, alias] = value('Resource')?.split(':') ?? [];
  if (alias === undefined || name !== value('FunctionName')) return false;
  const path = `/2015-03-31/functions/${name}/aliases/${alias}`;
  const answer = await send(address, { service: 'lambda', method: 'GET', path });
  if (!answer.ok) return false;
  const { FunctionVersion } = (await answer.json()) as { readonly FunctionVersion: string };
  return FunctionVersion === value('ExecutedVersion');
}

/** Metrics that nobody ever reports: neither a function of ours, nor AWS of something that has been deployed. */
export async function unwatchable(address: Address, metrics: readonly Metric[]): Promise<string[]> {
  const reported = new Set((await reportedMetrics(address)).map(describeMetric));
  const found = new Set<string>();
  for (const one of metrics) {
    const known = reported.has(describeMetric(one)) || (await isOfDeployed(address, one));
    if (!known) found.add(describeMetric(one));
  }
  return [...found];
}

/** True when SNS has the topic. */
export async function isTopic(address: Address, arn: string): Promise<boolean> {
  const body = new URLSearchParams({
    Action: 'GetTopicAttributes',
    Version: '2010-03-31',
    TopicArn: arn,
  }).toString();
  const contentType = 'application/x-www-form-urlencoded';
  return (await send(address, { service: 'sns', contentType, body })).ok;
}

/** Whom a budget tells, for each of its thresholds. */
export async function budgetSubscribers(address: Address, name: string): Promise<string[][]> {
  const budget = { AccountId: account, BudgetName: name };
  const ask = <Answer>(operation: string, input: object, answer: z.ZodType<Answer>) => {
    const target = `AWSBudgetServiceGateway.${operation}`;
    return call(address, 'budgets', target, { ...budget, ...input }, answer);
  };
  const { Notifications } = await ask(
    'DescribeNotificationsForBudget',
    {},
    z.looseObject({ Notifications: z.array(z.looseObject({})) }),
  );
  const answer = z.looseObject({ Subscribers: z.array(z.looseObject({ Address: z.string() })) });
  return Promise.all(
    Notifications.map(async (Notification) => {
      const told = await ask('DescribeSubscribersForNotification', { Notification }, answer);
      return told.Subscribers.map((subscriber) => subscriber.Address);
    }),
  );
}
