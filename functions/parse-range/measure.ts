import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { UploadReport } from '#lib/interactions/report.ts';

/** What alarms watch of an upload. */
export function measure(metrics: Metrics, report: UploadReport): void {
  const { kind, status, read, good, quarantined } = report;
  const isGood = status === 'succeeded';
  metrics.addMetric('UploadsSucceeded', MetricUnit.Count, isGood ? 1 : 0);
  metrics.addMetric('UploadsFailed', MetricUnit.Count, status === 'failed' ? 1 : 0);
  metrics.addMetric('UploadsToApprove', MetricUnit.Count, status === 'waiting' ? 1 : 0);
  if (kind === 'logs' && isGood) metrics.addMetric('InteractionsTaken', MetricUnit.Count, good);
  metrics.addMetric('RowsRead', MetricUnit.Count, read);
  metrics.addMetric('RowsQuarantined', MetricUnit.Count, quarantined);
}
