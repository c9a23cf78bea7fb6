import { PipelineError } from '#lib/contracts/errors.ts';
import type { Range } from './prices.ts';

/** How long a step is expected to take, and how long it may. */
export interface StepTime {
  readonly step: string;
  readonly expectedSeconds: number;
  readonly limitSeconds: number;
  /** What the limit comes from. */
  readonly limit: string;
  /** What helps, with the number that would do where there is one. */
  readonly remedy: string;
}

/** A step would be stopped before its end. */
export class TimeLimitError extends PipelineError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('TimeLimitError', message, { details });
  }
}

/** Largest `operations.maximumRunHours`. */
const mostRunHours = 72;

/**
 * A training job, which may take half of the run's time.
 *
 * @param maximumRunHours `operations.maximumRunHours`
 */
export function jobTime(
  step: string,
  seconds: Range,
  maximumRunHours: number,
  advice: string,
): StepTime {
  return {
    step,
    expectedSeconds: seconds.expected,
    limitSeconds: (maximumRunHours / 2) * 3600,
    limit: 'a training job may take (half of operations.maximumRunHours)',
    remedy: remedyOf(Math.ceil((2 * seconds.expected) / 3600), advice),
  };
}

/** All steps of a run after each other, jobs side by side as far as they may. */
export function runTime(seconds: number, maximumRunHours: number, advice: string): StepTime {
  return {
    step: 'The whole run',
    expectedSeconds: seconds,
    limitSeconds: maximumRunHours * 3600,
    limit: 'operations.maximumRunHours allows',
    remedy: remedyOf(Math.ceil(seconds / 3600), advice),
  };
}

/** @param advice what makes the step shorter */
const remedyOf = (neededRunHours: number, advice: string) =>
  neededRunHours <= mostRunHours
    ? `Raise operations.maximumRunHours to ${neededRunHours} or more, or ${advice}.`
    : `That is more than the ${mostRunHours} hours that a run may be given: ${advice}.`;

/** An error for each step that would be stopped, with how long it would take and the settings that help. */
export function tooLate(times: readonly StepTime[]): TimeLimitError[] {
  return times
    .filter(({ expectedSeconds, limitSeconds }) => expectedSeconds > limitSeconds)
    .map(
      ({ step, expectedSeconds, limitSeconds, limit, remedy }) =>
        new TimeLimitError(
          `${step} is expected to take ${timeText(expectedSeconds)}, longer than the ${timeText(limitSeconds)} that ${limit}, and would be stopped. ${remedy}`,
          { step, expectedSeconds, limitSeconds },
        ),
    );
}

/** `45 s`, `12 min`, `4.0 h`, `152 h`. */
export function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  const hours = seconds / 3600;
  return `${hours < 100 ? hours.toFixed(1) : Math.round(hours).toLocaleString('en-US')} h`;
}
