import type { PipelineConfig } from '#lib/contracts/config.ts';
import { explainTrend, judgeTrend, type PrequentialNight } from '#lib/promotion/prequential.ts';
import { remark, type Verdict } from '#lib/promotion/verdict.ts';

/**
 * The verdict with what else there is to know: that the champion could not be compared with, and how those in service did on
 * what arrived.
 */
export function remarks(
  decided: Verdict,
  nights: readonly PrequentialNight[],
  { promotion, evaluation }: PipelineConfig,
  unusable: string | undefined,
): Verdict {
  const { trendNights, minimumTestCases } = promotion;
  const trend = judgeTrend(nights, trendNights, evaluation.confidence, minimumTestCases);
  const verdict = unusable === undefined ? decided : remark(decided, unusable);
  if (trend === undefined) return verdict;
  const told = { ...verdict, trend };
  return trend.word === 'worse' ? remark(told, explainTrend(trend)) : told;
}
