import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy, { type MiddyHandlerObject } from '@middy/core';
import type * as z from 'zod';
import { PipelineError, UnavailableError, ValidationError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';

/** What we use of the context that Lambda hands to a handler. */
export interface LambdaContext {
  readonly functionName: string;
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** What a step gets besides its event. */
export interface Tools {
  /** Structured logs. User ids and item texts never go to `info` or above. */
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Lambda's name for this invocation. */
  readonly requestId: string;
  /** Aborts shortly before Lambda ends the function. */
  readonly signal: AbortSignal;
  readonly remainingMilliseconds: () => number;
}

/** A Lambda handler as the runtime calls it. */
export type LambdaHandler<Result> = (event: unknown, context: LambdaContext) => Promise<Result>;

/** Left to abort, report and log before Lambda ends the function. */
const REPORT_MILLISECONDS = 1_000;

/**
 * The one wrapper of all Lambda handlers: checks the event, gives logs and metrics, and lets failures leave under the
 * name that Step Functions matches on (`error.name` is `PipelineError.code`).
 *
 * @param schema of the event; anything else is a ValidationError before the step runs
 * @param step the work; what it returns is the function's answer
 *
 * @example
 * ```ts
 * export const handler = instrument(z.strictObject({ run: z.string() }), ({ run }, { logger }) => ...);
 * ```
 */
export function instrument<Schema extends z.ZodType, Result>(
  schema: Schema,
  step: (event: z.output<Schema>, tools: Tools) => Promise<Result>,
): LambdaHandler<Result> {
  const logger = new Logger();
  const metrics = new Metrics();

  async function checkAndRun(event: unknown, context: LambdaContext, options: MiddyHandlerObject) {
    const parsed = schema.safeParse(event);
    if (!parsed.success) {
      throw new ValidationError(
        `The event of ${context.functionName} is wrong:\n${explain(parsed.error)}`,
      );
    }
    return step(parsed.data, {
      logger,
      metrics,
      requestId: context.awsRequestId,
      signal: options.signal,
      remainingMilliseconds: () => context.getRemainingTimeInMillis(),
    });
  }

  const publishMetrics = () => {
    // Without any, Powertools would warn.
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };

  const logFailure = ({ error }: { error: Error | null | undefined }) => {
    const facts =
      error instanceof PipelineError
        ? { code: error.code, retryable: error.retryable, details: error.details }
        : {};
    logger.error(error?.message ?? 'failed without an error', { ...facts, error: error as Error });
  };

  const wrapped = middy(checkAndRun, {
    timeoutEarlyInMillis: REPORT_MILLISECONDS,
    timeoutEarlyResponse: () => {
      throw new UnavailableError(
        'The function ran out of time. It runs again; if that happens every time, give it more time or less work.',
      );
    },
  })
    .use(injectLambdaContext(logger, { resetKeys: true, logEvent: false }))
    .after(publishMetrics)
    .onError(logFailure)
    .onError(publishMetrics);

  return (event, context) => wrapped(event, context) as Promise<Result>;
}
