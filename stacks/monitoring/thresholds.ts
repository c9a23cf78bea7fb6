import type { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type {
  MetricStatistic,
  MetricWithAlarmSupport,
  MonitoringFacade,
} from 'cdk-monitoring-constructs';
import type { Deployment } from '../deployment.ts';

/** A threshold that one data point is enough for. */
export const threshold = (
  value: number,
  comparisonOperator: ComparisonOperator,
  treatMissingDataOverride: TreatMissingData,
) => ({
  threshold: value,
  comparisonOperator,
  treatMissingDataOverride,
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
});

export interface PipelineMetric {
  readonly name: string;
  /** The function that counts it. */
  readonly service: string;
  readonly statistic: MetricStatistic;
  readonly period: Duration;
}

/** Any at all, within the metric's period. */
export const aboveZero = threshold(
  0,
  ComparisonOperator.GREATER_THAN_THRESHOLD,
  TreatMissingData.NOT_BREACHING,
);

/** A metric that one of our functions writes with Powertools. */
export function pipelineMetric(
  facade: MonitoringFacade,
  deployment: Deployment,
  { name, service, statistic, period }: PipelineMetric,
): MetricWithAlarmSupport {
  return facade
    .createMetricFactory()
    .createMetric(name, statistic, name, { service }, undefined, deployment.name, period);
}
