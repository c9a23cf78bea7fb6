import type { PipelineConfig } from '#lib/contracts/config.ts';
import { explainTrend, judgeTrend, type PrequentialNight } from '#lib/promotion/prequential.ts';
import { explainRenewal, type RenewalPlan } from '#lib/promotion/renewal.ts';
import { remark, type Verdict } from '#lib/promotion/verdict.ts';

/** What else there is to know of a night. */
export interface Circumstances {
  /** Why the champion could not be compared with. */
  readonly unusable?: string | undefined;
  readonly renewal: RenewalPlan;
}

/**
 * The verdict with what else there is to know: that the champion could not be compared with, which models were left out, and
 * how those in service did on what arrived.
 */
export function remarks(
  decided: Verdict,
  nights: readonly PrequentialNight[],
  { promotion, evaluation }: PipelineConfig,
  { unusable, renewal }: Circumstances,
): Verdict {
  const { trendNights, minimumTestCases } = promotion;
  const trend = judgeTrend(nights, trendNights, evaluation.confidence, minimumTestCases);
  const verdict = [unusable, explainRenewal(renewal, promotion)].reduce<Verdict>(
    (told, text) => (text === undefined ? told : remark(told, text)),
    decided,
  );
  if (trend === undefined) return verdict;
  const told = { ...verdict, trend };
  return trend.word === 'worse' ? remark(told, explainTrend(trend)) : told;
}
