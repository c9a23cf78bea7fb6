import { PipelineError, type PipelineErrorOptions } from '#lib/contracts/errors.ts';

/** A step does something that a graph cannot repeat; the message says what, in which step, and what to do instead. */
export class UntraceableError extends PipelineError {
  constructor(message: string, options: PipelineErrorOptions = {}) {
    super('UntraceableError', message, options);
  }
}
