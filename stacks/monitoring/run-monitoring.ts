import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { MetricStatistic, type MonitoringFacade } from 'cdk-monitoring-constructs';
import type { Naming } from '../alarms.ts';
import type { PipelineFunction } from '../constructs/pipeline-function.ts';
import type { Deployment } from '../deployment.ts';
import { sinceDeployed } from './since-deployed.ts';
import { aboveZero, pipelineMetric, threshold } from './thresholds.ts';

export interface RunMonitoring {
  readonly deployment: Deployment;
  readonly stateMachine: StateMachine;
  readonly scheduleDeadLetters: Queue;
  readonly removeIdleEndpoints: PipelineFunction;
  readonly expireRuns: PipelineFunction;
  readonly forgetUsers: PipelineFunction;
  readonly publishRunStatus: PipelineFunction;
}

/** Nightly runs, what they cost, and what they leave behind. */
export function monitorRuns(facade: MonitoringFacade, naming: Naming, parts: RunMonitoring): void {
  facade.addLargeHeader('Runs');
  monitorExecutions(facade, naming, parts);
  monitorSpending(facade, naming, parts);
  if (parts.deployment.config.operations.schedule !== null) {
    facade.monitorSqsQueue({
      queue: parts.scheduleDeadLetters,
      alarmFriendlyName: 'starts',
      addQueueMaxSizeAlarm: { Critical: { maxMessageCount: 0, ...naming('starts-dead') } },
    });
  }
  const keepers = [
    [parts.removeIdleEndpoints, 'janitor-failing'],
    [parts.expireRuns, 'expiry-failing'],
    [parts.forgetUsers, 'forgetting-failing'],
    [parts.publishRunStatus, 'status-failing'],
  ] as const;
  for (const [keeper, name] of keepers) {
    facade.monitorLambdaFunction({
      lambdaFunction: keeper.function,
      addFaultCountAlarm: { Warning: { maxErrorCount: 0, ...naming(name) } },
    });
  }
}

function monitorExecutions(facade: MonitoringFacade, naming: Naming, parts: RunMonitoring): void {
  const { stateMachine, deployment } = parts;
  facade.monitorStepFunction({
    stateMachine,
    addFailedExecutionCountAlarm: { Critical: { maxErrorCount: 0, ...naming('run-failed') } },
    addAbortedExecutionCountAlarm: { Warning: { maxErrorCount: 0, ...naming('run-stopped') } },
    addTimedOutExecutionCountAlarm: { Critical: { maxErrorCount: 0, ...naming('run-timed-out') } },
  });
  const reported = (name: string, statistic: MetricStatistic, period: Duration) =>
    pipelineMetric(facade, deployment, { name, service: 'evaluate-models', statistic, period });
  const counted = (name: string) => reported(name, MetricStatistic.SUM, Duration.hours(1));
  const unpromoted = reported('NightsWithoutPromotion', MetricStatistic.MAX, Duration.days(1));
  const { nightsWithoutPromotion } = deployment.config.operations.alarms;
  facade.monitorCustom({
    alarmFriendlyName: 'champion',
    humanReadableName: 'Champions',
    metricGroups: [
      {
        title: 'Champions that cannot be compared with',
        metrics: [
          {
            metric: counted('ChampionUnusable'),
            alarmFriendlyName: 'champion-unusable',
            addAlarm: { Critical: { ...aboveZero, ...naming('champion-unusable') } },
          },
        ],
      },
      {
        title: 'Nights after which recent popularity was ahead of what was served',
        metrics: [
          {
            metric: counted('ChampionLags'),
            alarmFriendlyName: 'champion-lags',
            addAlarm: { Warning: { ...aboveZero, ...naming('champion-lags') } },
          },
        ],
      },
      {
        title: 'Nights in a row without a promotion',
        metrics: [
          nightsWithoutPromotion === null
            ? unpromoted
            : {
                metric: unpromoted,
                alarmFriendlyName: 'no-recent-promotion',
                addAlarm: {
                  Warning: {
                    ...threshold(
                      nightsWithoutPromotion,
                      ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                      // A day without a night says nothing.
                      TreatMissingData.IGNORE,
                    ),
                    ...naming('no-recent-promotion'),
                  },
                },
              },
        ],
      },
    ],
  });
  if (deployment.config.operations.schedule !== null) monitorSuccess(facade, naming, parts);
}

/** That runs succeed at all. */
function monitorSuccess(facade: MonitoringFacade, naming: Naming, parts: RunMonitoring): void {
  const { stateMachine, deployment, removeIdleEndpoints } = parts;
  const { operations } = deployment.config;
  const period = Duration.hours(6);
  const periods = operations.alarms.lastSuccessHours / period.toHours();
  const statistic = MetricStatistic.SUM;
  const succeeded = sinceDeployed(facade, removeIdleEndpoints, {
    name: 'succeeded',
    metric: stateMachine.metricSucceeded({ period, statistic }),
    absent: { deployed: 0, before: 1 },
    label: 'Successful runs',
    period,
  });
  facade.monitorCustom({
    alarmFriendlyName: 'success',
    humanReadableName: 'Successful runs',
    metricGroups: [
      {
        title: 'Successful runs, six hours each',
        metrics: [
          {
            metric: succeeded,
            alarmFriendlyName: 'success',
            addAlarm: {
              Critical: {
                ...threshold(1, ComparisonOperator.LESS_THAN_THRESHOLD, TreatMissingData.BREACHING),
                period,
                evaluationPeriods: periods,
                datapointsToAlarm: periods,
                ...naming('no-recent-success'),
              },
            },
          },
        ],
      },
    ],
  });
}

function monitorSpending(facade: MonitoringFacade, naming: Naming, parts: RunMonitoring): void {
  const { deployment } = parts;
  const { operations } = deployment.config;
  const above = (value: number) =>
    threshold(value, ComparisonOperator.GREATER_THAN_THRESHOLD, TreatMissingData.NOT_BREACHING);
  const hour = Duration.hours(1);
  const metric = (name: string, service: string, statistic: MetricStatistic) =>
    pipelineMetric(facade, deployment, { name, service, statistic, period: hour });
  facade.monitorCustom({
    alarmFriendlyName: 'spending',
    humanReadableName: 'Spending',
    metricGroups: [
      {
        title: 'USD a run (SageMaker)',
        metrics: [
          {
            metric: metric('RunUsd', 'publish-run-status', MetricStatistic.MAX),
            alarmFriendlyName: 'run-usd',
            addAlarm: {
              Critical: { ...above(operations.maxUsdPerRun), ...naming('run-over-budget') },
            },
          },
        ],
      },
      {
        title: 'Endpoints removed by the janitor',
        metrics: [
          {
            metric: metric('EndpointsRemoved', 'remove-idle-endpoints', MetricStatistic.SUM),
            alarmFriendlyName: 'endpoints-removed',
            addAlarm: { Warning: { ...aboveZero, ...naming('endpoint-left-behind') } },
          },
        ],
      },
      {
        title: 'Age of the oldest endpoint (hours)',
        metrics: [
          {
            metric: metric('OldestEndpointHours', 'remove-idle-endpoints', MetricStatistic.MAX),
            alarmFriendlyName: 'endpoint-age',
            addAlarm: {
              Critical: { ...above(operations.maximumRunHours + 1), ...naming('endpoint-too-old') },
            },
          },
        ],
      },
    ],
  });
}
