import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { nightsUnpromoted } from '#lib/promotion/nights.ts';
import type { PrequentialNight } from '#lib/promotion/prequential.ts';
import type { Verdict } from '#lib/promotion/verdict.ts';

/**
 * What alarms watch of a night's verdict.
 *
 * @param nights this one and those before, the newest first
 * @param unusable why there was no champion to compare with, though one is in service
 */
export function measure(
  metrics: Metrics,
  { promoted, trend }: Pick<Verdict, 'promoted' | 'trend'>,
  nights: readonly PrequentialNight[],
  unusable: string | undefined,
): void {
  const { Count } = MetricUnit;
  metrics.addMetric('ChampionLags', Count, trend?.word === 'worse' ? 1 : 0);
  metrics.addMetric('ChampionUnusable', Count, unusable === undefined ? 0 : 1);
  metrics.addMetric('NightsWithoutPromotion', Count, nightsUnpromoted(nights, promoted));
}
