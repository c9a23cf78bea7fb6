import * as z from 'zod';
import { nameRun } from '#lib/contracts/run.ts';
import type { RunEvent } from '#lib/contracts/status-event.ts';

/**
 * `Step Functions Execution Status Change`
 * (https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html).
 */
export const statusChange = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    executionArn: z.string(),
    name: z.string(),
    status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE']),
    /** Milliseconds since 1970. */
    startDate: z.number(),
    stopDate: z.number().nullish(),
    /** JSON; absent when it is too large for an event. */
    input: z.string().nullish(),
    output: z.string().nullish(),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

export type StatusChange = z.infer<typeof statusChange>['detail'];

const input = z.looseObject({ run: z.string().nullish(), scheduledTime: z.string().nullish() });
const output = z.looseObject({ run: z.string() });
const skippedOutput = z.looseObject({ unchangedSince: z.string() });

/** The run that an execution is an attempt at. @throws ValidationError when its input names an impossible one */
export function runOf(change: StatusChange, timeZone: string): string {
  const ended = output.safeParse(json(change.output));
  if (ended.success && ended.data.run !== '') return ended.data.run;
  const asked = input.safeParse(json(change.input)).data ?? {};
  return nameRun(
    asked.run ?? null,
    asked.scheduledTime ?? null,
    timeZone,
    new Date(change.startDate),
  );
}

/** What only the data bucket and SageMaker know of a run. */
export interface RunFacts {
  readonly promoted: boolean | null;
  readonly championLags: boolean | null;
  readonly usd: number | null;
  readonly report: string | null;
}

/** The event for whoever listens. */
export function toRunEvent(change: StatusChange, run: string, facts: RunFacts): RunEvent {
  const running = change.status === 'RUNNING' || change.status === 'PENDING_REDRIVE';
  const succeeded = change.status === 'SUCCEEDED';
  return {
    schemaVersion: 1,
    run,
    execution: change.name,
    status: running ? 'running' : succeeded ? outcomeOf(change) : 'failed',
    startedAt: new Date(change.startDate).toISOString(),
    endedAt: change.stopDate == null ? null : new Date(change.stopDate).toISOString(),
    failure:
      running || succeeded
        ? null
        : { error: change.error ?? change.status, cause: change.cause ?? '' },
    ...facts,
  };
}

const outcomeOf = ({ output: ended }: StatusChange) =>
  skippedOutput.safeParse(json(ended)).success ? 'skipped' : 'succeeded';

function json(text: string | null | undefined): unknown {
  if (text == null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
