import type { Duration } from 'aws-cdk-lib';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import {
  MetricStatistic,
  type MetricWithAlarmSupport,
  type MonitoringFacade,
} from 'cdk-monitoring-constructs';
import type { PipelineFunction } from '../constructs/pipeline-function.ts';

/** What is to be watched for its absence. */
export interface Absence {
  /** The metric's name in the expression. */
  readonly name: string;
  /** Its period is that of the whole. */
  readonly metric: Metric | MetricWithAlarmSupport;
  /** What no data stands for in a period in which the deployment was there, and in one in which it was not. */
  readonly absent: { readonly deployed: number; readonly before: number };
  readonly label: string;
  readonly period: Duration;
}

/**
 * A metric that nobody misses before the first deployment: whether there was one is told by the janitor, which runs every
 * hour.
 */
export function sinceDeployed(
  facade: MonitoringFacade,
  janitor: PipelineFunction,
  { name, metric, absent, label, period }: Absence,
): MetricWithAlarmSupport {
  const statistic = MetricStatistic.SUM;
  const factory = facade.createMetricFactory();
  return factory.createMetricMath(
    `IF(FILL(alive, 0) > 0, FILL(${name}, ${absent.deployed}), ${absent.before})`,
    {
      alive: factory.adaptMetric(janitor.function.metricInvocations({ period, statistic })),
      [name]: factory.adaptMetric(metric as MetricWithAlarmSupport),
    },
    label,
    undefined,
    period,
  );
}
