import { LocalError } from '../errors.ts';

/**
 * An error as Step Functions knows it: a name that `Retry` and `Catch` match on, and a cause for people.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export class StateError extends Error {
  /** `Error` of the execution; undefined only for a Fail state that names none. */
  readonly error: string | undefined;
  /** `Cause` of the execution: free text, by custom the JSON of the original error. */
  readonly causeText: string | undefined;

  constructor(error: string | undefined, causeText?: string, options?: ErrorOptions) {
    super(causeText ?? error ?? 'The execution failed without an error name', options);
    this.name = 'StateError';
    this.error = error;
    this.causeText = causeText;
  }
}

/** What a task resource throws: `new TaskError('Lambda.TooManyRequestsException', 'Rate exceeded')`. */
export class TaskError extends StateError {
  constructor(error: string, causeText?: string, options?: ErrorOptions) {
    super(error, causeText, options);
    this.name = 'TaskError';
  }
}

/** The definition is wrong or asks for something that this runner does not know; found before anything runs. */
export class DefinitionError extends LocalError {
  /** One line for each thing that is wrong, each beginning with its path in the definition. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      'DefinitionError',
      `The state machine definition cannot be run: ${problems.join('; ')}. ` +
        'Change the definition, or the set of resources that the caller offers.',
    );
    this.problems = problems;
  }
}

/** Ends the whole execution at once; no state can catch it. */
export class ExecutionStopped extends Error {
  readonly status: 'TIMED_OUT' | 'ABORTED';
  readonly causeText: string;

  constructor(status: 'TIMED_OUT' | 'ABORTED', causeText: string) {
    super(causeText);
    this.name = 'ExecutionStopped';
    this.status = status;
    this.causeText = causeText;
  }
}

/** Names that no wildcard matches, as on AWS. */
const TERMINAL_ERRORS = new Set(['States.DataLimitExceeded', 'States.Runtime']);

/**
 * Does an `ErrorEquals` list match an error? `States.ALL` matches all but the terminal errors,
 * `States.TaskFailed` all but those and `States.Timeout`; `States.Runtime` is never matched.
 */
export function matchesError(errorEquals: readonly string[], error: StateError): boolean {
  const name = error.error;
  if (name === 'States.Runtime') return false;
  return errorEquals.some((candidate) => {
    if (candidate === name) return true;
    if (name !== undefined && TERMINAL_ERRORS.has(name)) return false;
    return (
      candidate === 'States.ALL' || (candidate === 'States.TaskFailed' && name !== 'States.Timeout')
    );
  });
}
