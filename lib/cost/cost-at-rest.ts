import type { Prices } from './prices.ts';

/** What the pipeline costs in a month in which nothing runs. */
export interface RestingCounts {
  /** Metrics that alarms watch; CloudWatch counts those, not alarms. */
  readonly alarmMetrics: number;
  /** Metrics that are reported all the time. */
  readonly customMetrics: number;
  /** Queues that Lambda asks for messages, whether there are any or not. */
  readonly polledQueues: number;
  readonly imageGigabytes: number;
  readonly dataGigabytes: number;
  readonly customerManagedKey: boolean;
  readonly provisionedConcurrency: number;
}

const monthHours = 30 * 24;
/** Lambda keeps five long polls of 20 s open on a queue that is empty. */
const pollsAnHour = (5 * 3600) / 20;
/** Memory of the recommend function, in GB. */
const recommendGigabytes = 1769 / 1024;

/** @returns USD a month, by part */
export function costAtRest(
  counts: RestingCounts,
  { prices }: Prices,
): { readonly part: string; readonly usd: number }[] {
  // Hourly janitor (2 s at 0.5 GB), daily expiry (60 s at 0.5 GB), a look for users to forget every 15 minutes (1 s at 3 GB).
  const lambdaGbSeconds = 0.5 * (monthHours * 2 + 30 * 60) + 3 * monthHours * 4;
  const polls = counts.polledQueues * monthHours * pollsAnHour;
  const warmGbSeconds = counts.provisionedConcurrency * recommendGigabytes * monthHours * 3600;
  const gigabytes = (count: number) => `${count.toFixed(1)} GB`;
  return [
    {
      part: `Alarms (on ${counts.alarmMetrics} metrics)`,
      usd: counts.alarmMetrics * prices.cloudWatchAlarmMonth,
    },
    {
      part: `Custom metrics (${counts.customMetrics})`,
      usd: counts.customMetrics * prices.cloudWatchMetricMonth,
    },
    { part: 'Dashboard (one of the three that an account has free)', usd: 0 },
    {
      part: `Lambda asking ${counts.polledQueues} empty queues`,
      usd: (polls / 1e6) * prices.sqsMillionRequests,
    },
    {
      part: `Images in ECR (${gigabytes(counts.imageGigabytes)})`,
      usd: counts.imageGigabytes * prices.registryGbMonth,
    },
    {
      part: `Data in S3 (${gigabytes(counts.dataGigabytes)})`,
      usd: counts.dataGigabytes * prices.s3GbMonth,
    },
    { part: 'Janitor, expiry, forgetting (Lambda)', usd: lambdaGbSeconds * prices.lambdaGbSecond },
    ...(counts.customerManagedKey ? [{ part: 'Encryption key', usd: prices.keyMonth }] : []),
    ...(counts.provisionedConcurrency > 0
      ? [
          {
            part: `Warm instances (${counts.provisionedConcurrency})`,
            usd: warmGbSeconds * prices.lambdaProvisionedGbSecond,
          },
        ]
      : []),
  ];
}
