import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { MetricStatistic, type MonitoringFacade } from 'cdk-monitoring-constructs';
import type { Naming } from '../alarms.ts';
import type { PipelineFunction } from '../constructs/pipeline-function.ts';
import type { Deployment } from '../deployment.ts';
import type { ServingStack } from '../serving/stack.ts';
import { sinceDeployed } from './since-deployed.ts';
import { aboveZero, pipelineMetric, threshold } from './thresholds.ts';

/** Recommendations: errors, throttles and latency of single ones, and batches that failed. */
export function monitorServing(
  facade: MonitoringFacade,
  naming: Naming,
  deployment: Deployment,
  serving: ServingStack,
  janitor: PipelineFunction,
): void {
  facade.addLargeHeader('Recommendations');
  facade.monitorLambdaFunction({
    lambdaFunction: serving.recommend.function,
    // A share: Lambda reports 0 or 1 for each invocation, and this is their mean.
    addFaultRateAlarm: { Critical: { maxErrorRate: 0.01, ...naming('recommend-failing') } },
    addThrottlesCountAlarm: {
      Critical: { maxErrorCount: 0, ...naming('recommend-throttled') },
    },
    addLatencyP99Alarm: {
      Warning: {
        maxLatency: Duration.millis(deployment.config.operations.alarms.recommendMilliseconds),
        // A cold start alone is no reason to wake anybody.
        evaluationPeriods: 3,
        datapointsToAlarm: 3,
        ...naming('recommend-slow'),
      },
    },
  });
  monitorChampion(facade, naming, deployment);
  if (serving.impressions !== undefined) monitorImpressions(facade, naming, deployment);
  facade.monitorSqsQueueWithDlq({
    queue: serving.batch.queue.queue,
    deadLetterQueue: serving.batch.queue.deadLetters,
    alarmFriendlyName: 'recommend-batch',
    addDeadLetterQueueMaxSizeAlarm: {
      Critical: { maxMessageCount: 0, ...naming('batches-dead') },
    },
  });
  facade.monitorLambdaFunction({ lambdaFunction: serving.batch.recommendBatch.function });
  if (serving.batch.hourly !== undefined) monitorBatch(facade, naming, deployment, janitor);
}

/** Whether there is a champion that can be served: a 503 is no fault that Lambda would count. */
function monitorChampion(facade: MonitoringFacade, naming: Naming, deployment: Deployment): void {
  const metric = (name: string) =>
    pipelineMetric(facade, deployment, {
      name,
      service: 'recommend',
      statistic: MetricStatistic.SUM,
      period: Duration.minutes(5),
    });
  facade.monitorCustom({
    alarmFriendlyName: 'champion-served',
    humanReadableName: 'The champion in service',
    metricGroups: [
      {
        title: 'Refused, and answered by an older champion',
        metrics: [
          {
            metric: metric('RecommendationsUnavailable'),
            alarmFriendlyName: 'recommend-unavailable',
            addAlarm: { Critical: { ...aboveZero, ...naming('recommend-unavailable') } },
          },
          {
            metric: metric('ChampionNotFollowed'),
            alarmFriendlyName: 'champion-not-followed',
            addAlarm: {
              Warning: {
                ...aboveZero,
                // S3 may be away for a moment.
                evaluationPeriods: 3,
                datapointsToAlarm: 3,
                ...naming('champion-not-followed'),
              },
            },
          },
        ],
      },
    ],
  });
}

/** Whether what was answered is kept. */
function monitorImpressions(
  facade: MonitoringFacade,
  naming: Naming,
  deployment: Deployment,
): void {
  const lost = pipelineMetric(facade, deployment, {
    name: 'ImpressionsLost',
    service: 'recommend',
    statistic: MetricStatistic.SUM,
    period: Duration.minutes(5),
  });
  facade.monitorCustom({
    alarmFriendlyName: 'impressions',
    humanReadableName: 'Answers that are kept',
    metricGroups: [
      {
        title: 'Answers that were given, but not kept',
        metrics: [
          {
            metric: lost,
            alarmFriendlyName: 'impressions-lost',
            addAlarm: {
              Warning: {
                ...aboveZero,
                // Firehose may be away for a moment.
                evaluationPeriods: 3,
                datapointsToAlarm: 3,
                ...naming('impressions-lost'),
              },
            },
          },
        ],
      },
    ],
  });
}

/** Whether everybody's lists are there in time; that nobody looks counts as if they were not. */
function monitorBatch(
  facade: MonitoringFacade,
  naming: Naming,
  deployment: Deployment,
  janitor: PipelineFunction,
): void {
  const { batchHours } = deployment.config.operations.alarms;
  const period = Duration.hours(1);
  const missing = sinceDeployed(facade, janitor, {
    name: 'missing',
    metric: pipelineMetric(facade, deployment, {
      name: 'BatchMissing',
      service: 'recommend-batch',
      statistic: MetricStatistic.MAX,
      period,
    }),
    absent: { deployed: 1, before: 0 },
    label: 'Missing batch',
    period,
  });
  facade.monitorCustom({
    alarmFriendlyName: 'batch',
    humanReadableName: 'Recommendations to everybody',
    metricGroups: [
      {
        title: 'The last run’s lists are missing (1) or not (0)',
        metrics: [
          {
            metric: missing,
            alarmFriendlyName: 'batch-missing',
            addAlarm: {
              Warning: {
                ...threshold(
                  0,
                  ComparisonOperator.GREATER_THAN_THRESHOLD,
                  TreatMissingData.NOT_BREACHING,
                ),
                period,
                evaluationPeriods: batchHours,
                datapointsToAlarm: batchHours,
                ...naming('batch-missing'),
              },
            },
          },
        ],
      },
    ],
  });
}
