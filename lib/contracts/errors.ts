/** What a caller needs to know of a failure besides its message. */
export interface PipelineErrorOptions extends ErrorOptions {
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean;
  /** Facts for the log and the report; never user ids or item text. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The one family of errors. `name` equals `code`, so that Step Functions' `Retry` and `Catch` match on it.
 * A message says what happened, where, and what to do.
 */
export class PipelineError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: PipelineErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.name = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** The input of a person or a team is wrong; trying again cannot help. */
export class ValidationError extends PipelineError {
  constructor(message: string, options: PipelineErrorOptions = {}) {
    super('ValidationError', message, options);
  }
}

/** The configuration is wrong; found before any work is done. */
export class ConfigError extends PipelineError {
  constructor(message: string, options: PipelineErrorOptions = {}) {
    super('ConfigError', message, options);
  }
}

/** Something that a step needs is not there (an S3 object, a column, an endpoint). */
export class MissingArtefactError extends PipelineError {
  constructor(message: string, options: PipelineErrorOptions = {}) {
    super('MissingArtefactError', message, options);
  }
}

/** The other side is busy or restarting; the same call is worth repeating. */
export class UnavailableError extends PipelineError {
  constructor(message: string, options: PipelineErrorOptions = {}) {
    super('UnavailableError', message, { retryable: true, ...options });
  }
}

/** Somebody else holds what this needs (a run lock, a pointer that moved). */
export class ConflictError extends PipelineError {
  constructor(message: string, options: PipelineErrorOptions = {}) {
    super('ConflictError', message, options);
  }
}

/** An artefact does not follow its contract: a defect of ours, not of the input. */
export class ContractError extends PipelineError {
  constructor(message: string, options: PipelineErrorOptions = {}) {
    super('ContractError', message, options);
  }
}

/** True for errors of any origin that are worth repeating. */
export function isRetryable(error: unknown): boolean {
  return error instanceof PipelineError && error.retryable;
}
