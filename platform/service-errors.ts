import {
  ConfigError,
  ConflictError,
  MissingArtefactError,
  PipelineError,
  UnavailableError,
} from '#lib/contracts/errors.ts';

/** What AWS SDK errors carry besides a message. */
interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $retryable?: unknown;
}

const throttled = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'KmsThrottled',
  'RequestTimeout',
  'TimeoutError',
  'ServiceUnavailable',
  'InternalError',
]);

const brokenConnection = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** The HTTP status of a failed AWS call; 0 when there was no answer. */
export const statusOf = (error: unknown): number =>
  (error as ServiceError | undefined)?.$metadata?.httpStatusCode ?? 0;

/**
 * Translates what an AWS SDK client threw into the PipelineError family, so that callers and Step Functions can tell
 * what is worth repeating.
 *
 * @param error what was thrown; a PipelineError is handed back as it is
 * @param doing what was being done to what, for the message: `reading s3://bucket/key`
 */
export function fromServiceError(error: unknown, doing: string): PipelineError {
  if (error instanceof PipelineError) return error;
  const { name = 'Error', code = '', message = '' } = (error ?? {}) as ServiceError;
  const status = statusOf(error);
  const options = { cause: error, details: { status, service: name } };
  if (name === 'AbortError') {
    return new UnavailableError(`Stopped while ${doing}: the time was up. Run it again.`, options);
  }
  if (status === 404 || name === 'NoSuchKey' || name === 'NotFound') {
    return new MissingArtefactError(`Failed ${doing}: it is not there (${name}).`, options);
  }
  if (status === 412) {
    return new ConflictError(`Failed ${doing}: it has changed meanwhile.`, options);
  }
  if (status === 401 || status === 403) {
    return new ConfigError(
      `Failed ${doing}: access denied (${name}: ${message}). Check the role's policy, the bucket policy and the key policy.`,
      options,
    );
  }
  // The object store of one machine, on a full disk: trying again makes no room.
  if (status === 507) return new PipelineError(name, `Failed ${doing}: ${message}`, options);
  if (status === 409 || status === 429 || status >= 500 || throttled.has(name)) {
    return new UnavailableError(
      `Failed ${doing}: the service is busy (${name}: ${message}).`,
      options,
    );
  }
  if (brokenConnection.has(code) || (error as ServiceError | undefined)?.$retryable !== undefined) {
    return new UnavailableError(
      `Failed ${doing}: the connection broke (${code || name}).`,
      options,
    );
  }
  return new PipelineError('ServiceError', `Failed ${doing}: ${name}: ${message}`, options);
}
