/** What a caller needs to know of a failure besides its message. */
export interface LocalErrorOptions extends ErrorOptions {
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean;
}

/**
 * The one family of errors that this folder throws at its callers. `name` equals `code`; the message says what, where
 * and what to do. (What a service answers its clients are that service's own errors: S3's, SageMaker's, Step
 * Functions'.)
 */
export class LocalError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: LocalErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.name = code;
    this.retryable = options.retryable ?? false;
  }
}

/** Another living process works in the folder. */
export class FolderInUse extends LocalError {
  constructor(message: string) {
    super('FolderInUse', message, { retryable: true });
  }
}

/** A file of the cloud's memory is not as it was written. */
export class DamagedStore extends LocalError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('DamagedStore', message, options);
  }
}

/** The templates ask for something that cannot run on one machine. */
export class TemplateError extends LocalError {
  /** @param where the place in the templates, if the message does not say it */
  constructor(message: string, where?: string) {
    super('TemplateError', where === undefined ? message : `${where}: ${message}`);
  }
}
