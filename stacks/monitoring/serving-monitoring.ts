import { Duration } from 'aws-cdk-lib';
import { MetricStatistic, type MonitoringFacade } from 'cdk-monitoring-constructs';
import type { Deployment } from '../deployment.ts';
import type { ServingStack } from '../serving/stack.ts';
import { aboveZero, type Naming, pipelineMetric } from './thresholds.ts';

/** Recommendations: errors, throttles and latency of single ones, and batches that failed. */
export function monitorServing(
  facade: MonitoringFacade,
  naming: Naming,
  deployment: Deployment,
  serving: ServingStack,
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
  facade.monitorSqsQueueWithDlq({
    queue: serving.batch.queue.queue,
    deadLetterQueue: serving.batch.queue.deadLetters,
    alarmFriendlyName: 'recommend-batch',
    addDeadLetterQueueMaxSizeAlarm: {
      Critical: { maxMessageCount: 0, ...naming('batches-dead') },
    },
  });
  facade.monitorLambdaFunction({ lambdaFunction: serving.batch.recommendBatch.function });
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
