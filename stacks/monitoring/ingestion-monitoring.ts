import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { MetricStatistic, type MonitoringFacade } from 'cdk-monitoring-constructs';
import type { Naming } from '../alarms.ts';
import type { Ingestion } from '../constructs/ingestion.ts';
import type { PipelineFunction } from '../constructs/pipeline-function.ts';
import type { Deployment } from '../deployment.ts';
import { sinceDeployed } from './since-deployed.ts';
import { aboveZero, pipelineMetric, threshold } from './thresholds.ts';

/** Uploads on their way in: queues, functions, and how many rows are bad. */
export function monitorIngestion(
  facade: MonitoringFacade,
  naming: Naming,
  deployment: Deployment,
  ingestion: Ingestion,
  janitor: PipelineFunction,
): void {
  facade.addLargeHeader('Uploads');
  facade.monitorSqsQueueWithDlq({
    queue: ingestion.planQueue.queue,
    deadLetterQueue: ingestion.planQueue.deadLetters,
    alarmFriendlyName: 'plan-upload',
    addQueueMaxMessageAgeAlarm: {
      Warning: { maxAgeInSeconds: 3600, ...naming('uploads-waiting') },
    },
    addDeadLetterQueueMaxSizeAlarm: {
      Critical: { maxMessageCount: 0, ...naming('uploads-dead') },
    },
  });
  facade.monitorSqsQueueWithDlq({
    queue: ingestion.parseQueue.queue,
    deadLetterQueue: ingestion.parseQueue.deadLetters,
    alarmFriendlyName: 'parse-range',
    addQueueMaxMessageAgeAlarm: {
      Warning: { maxAgeInSeconds: 3 * 3600, ...naming('ranges-waiting') },
    },
    addDeadLetterQueueMaxSizeAlarm: {
      Critical: { maxMessageCount: 0, ...naming('ranges-dead') },
    },
  });
  facade.monitorLambdaFunction({ lambdaFunction: ingestion.planUpload.function });
  facade.monitorLambdaFunction({ lambdaFunction: ingestion.parseRange.function });
  const metric = (name: string, service = 'parse-range') =>
    pipelineMetric(facade, deployment, {
      name,
      service,
      statistic: MetricStatistic.SUM,
      period: Duration.hours(1),
    });
  const [read, quarantined] = [metric('RowsRead'), metric('RowsQuarantined')];
  const share = facade
    .createMetricFactory()
    .createMetricMath(
      'IF(read > 0, quarantined / read, 0)',
      { read, quarantined },
      'Quarantined share',
      undefined,
      Duration.hours(1),
    );
  const failed = facade
    .createMetricFactory()
    .createMetricMath(
      'FILL(unreadable, 0) + FILL(unusable, 0)',
      { unreadable: metric('UploadsFailed', 'plan-upload'), unusable: metric('UploadsFailed') },
      'Failed uploads',
      undefined,
      Duration.hours(1),
    );
  facade.monitorCustom({
    alarmFriendlyName: 'rows',
    humanReadableName: 'Rows',
    metricGroups: [
      {
        title: 'Failed uploads',
        metrics: [
          {
            metric: failed,
            alarmFriendlyName: 'uploads-failed',
            addAlarm: { Warning: { ...aboveZero, ...naming('uploads-failed') } },
          },
        ],
      },
      {
        title: 'Catalogues that wait for approval',
        metrics: [
          {
            metric: metric('UploadsToApprove'),
            alarmFriendlyName: 'catalogue-to-approve',
            addAlarm: { Warning: { ...aboveZero, ...naming('catalogue-to-approve') } },
          },
        ],
      },
      { title: 'Rows an hour', metrics: [read, quarantined] },
      {
        title: 'Share in quarantine',
        metrics: [
          {
            metric: share,
            alarmFriendlyName: 'quarantined-share',
            addAlarm: {
              Warning: {
                ...threshold(
                  deployment.config.operations.alarms.quarantinedShare,
                  ComparisonOperator.GREATER_THAN_THRESHOLD,
                  TreatMissingData.NOT_BREACHING,
                ),
                ...naming('many-rows-quarantined'),
              },
            },
          },
        ],
      },
    ],
  });
  const { newDataHours } = deployment.config.operations.alarms;
  if (newDataHours !== null) monitorArrivals(facade, naming, deployment, janitor, newDataHours);
}

/** That logs go on coming. */
function monitorArrivals(
  facade: MonitoringFacade,
  naming: Naming,
  deployment: Deployment,
  janitor: PipelineFunction,
  hours: number,
): void {
  const period = Duration.hours(6);
  const periods = hours / period.toHours();
  const taken = sinceDeployed(facade, janitor, {
    name: 'taken',
    metric: pipelineMetric(facade, deployment, {
      name: 'InteractionsTaken',
      service: 'parse-range',
      statistic: MetricStatistic.SUM,
      period,
    }),
    absent: { deployed: 0, before: 1 },
    label: 'Interactions taken',
    period,
  });
  facade.monitorCustom({
    alarmFriendlyName: 'arrivals',
    humanReadableName: 'Interactions that arrive',
    metricGroups: [
      {
        title: 'Interactions taken, six hours each',
        metrics: [
          {
            metric: taken,
            alarmFriendlyName: 'arrivals',
            addAlarm: {
              Warning: {
                ...threshold(
                  1,
                  ComparisonOperator.LESS_THAN_THRESHOLD,
                  // Nothing at all is known before the first upload and on the first day.
                  TreatMissingData.NOT_BREACHING,
                ),
                period,
                evaluationPeriods: periods,
                datapointsToAlarm: periods,
                ...naming('no-new-data'),
              },
            },
          },
        ],
      },
    ],
  });
}
