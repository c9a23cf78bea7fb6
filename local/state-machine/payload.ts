import { StateError } from './errors.ts';

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Most bytes of UTF-8 that may pass from one state to another: 256 KiB. */
export const PAYLOAD_LIMIT = 262_144;

/** Bytes of a value's JSON in UTF-8. */
export function jsonBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value), 'utf8');
}

/**
 * A copy of a value as JSON carries it; what JSON cannot carry inside of it (functions, undefined) is left out, as
 * `JSON.stringify` does, and a value that it cannot carry at all becomes null.
 */
export function toJson(value: unknown): Json {
  const text = JSON.stringify(value);
  return text === undefined ? null : (JSON.parse(text) as Json);
}

/** @throws StateError `States.DataLimitExceeded`, which no wildcard catches. */
export function assertWithinLimit(value: Json, what: string): void {
  const bytes = jsonBytes(value);
  if (bytes > PAYLOAD_LIMIT) {
    throw new StateError(
      'States.DataLimitExceeded',
      `${what} has ${bytes} bytes, more than the ${PAYLOAD_LIMIT} that may pass between states. ` +
        'Put the data into S3 and pass its key.',
    );
  }
}
