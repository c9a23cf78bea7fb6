import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { PipelineError } from '#lib/contracts/errors.ts';
import { nothingPromoted } from '#lib/serving/door/champion-cache.ts';
import { type HttpResponse, refusalOrThrow } from '#lib/serving/door/http.ts';

/** Lambda's number of the code that runs. */
const version = process.env.AWS_LAMBDA_FUNCTION_VERSION ?? '$LATEST';

let hasAnswered = false;

/**
 * Says in logs and metrics what callers alone would hear of otherwise: a 503 is no fault of the function, so that
 * Lambda does not count it.
 */
export function reporter(logger: Logger, metrics: Metrics) {
  return {
    /** An instance's first good answer says that nothing is wrong: an alarm then has something to look at. */
    answered(): void {
      if (hasAnswered || metrics.hasStoredMetrics()) return;
      hasAnswered = true;
      metrics.addMetric('RecommendationsUnavailable', MetricUnit.Count, 0);
      metrics.addMetric('ChampionNotFollowed', MetricUnit.Count, 0);
    },

    /** @throws what is no refusal: Lambda counts it */
    refusal(error: unknown): HttpResponse {
      const refusal = refusalOrThrow(error);
      if (refusal.statusCode >= 500) {
        logger.error('nothing can be recommended', { error: error as Error });
        metrics.addMetric('RecommendationsUnavailable', MetricUnit.Count, 1);
        if (!isNothingPromoted(error)) countOfVersion(metrics);
      }
      return refusal;
    },

    /** The champion that was known goes on serving. */
    stale(errors: readonly unknown[]): void {
      for (const error of errors) {
        logger.error('the champion in service cannot be loaded', { error: error as Error });
        metrics.addMetric('ChampionNotFollowed', MetricUnit.Count, 1);
      }
    },

    /** Answers were given, but not kept. */
    lost(errors: readonly unknown[]): void {
      for (const error of errors) {
        logger.error('an answer could not be kept', { error: error as Error });
        metrics.addMetric('ImpressionsLost', MetricUnit.Count, 1);
      }
    },
  };
}

/** A release is taken back when its version cannot serve a champion that others serve. */
function countOfVersion(metrics: Metrics): void {
  const own = metrics.singleMetric();
  own.addDimension('version', version);
  own.addMetric('ChampionRefused', MetricUnit.Count, 1);
}

const isNothingPromoted = (error: unknown) =>
  error instanceof PipelineError && error.details === nothingPromoted;
