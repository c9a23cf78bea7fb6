import { ValidationError } from '#lib/contracts/errors.ts';
import { KEPT_BYTES, type RawRecord, recordBefore } from './records.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;
/** What may stand between objects: white space, commas, the brackets of arrays, a byte order mark. */
const between = new Set([...Buffer.from('\t\n\r ,[]'), 0xef, 0xbb, 0xbf]);

/** Where in an object the scan stands. */
export interface Place {
  depth: number;
  inText: boolean;
  /** The last byte was a backslash inside a text. */
  escaped: boolean;
}

/**
 * Goes on through an object.
 *
 * @param from a place in the data, which are not empty
 * @returns the index behind its closing brace, or -1 when the data end before it
 */
export function findObjectEnd(data: Buffer, from: number, place: Place): number {
  let at = from;
  if (place.escaped) {
    place.escaped = false;
    at++;
  }
  while (at < data.length) {
    const byte = data[at]!;
    if (place.inText) {
      if (byte === BACKSLASH) {
        if (at + 1 === data.length) place.escaped = true;
        at++;
      } else if (byte === QUOTE) place.inText = false;
    } else if (byte === QUOTE) place.inText = true;
    else if (byte === OPEN) place.depth++;
    else if (byte === CLOSE && --place.depth === 0) return at + 1;
    at++;
  }
  return -1;
}

/** At an object's opening brace. */
export const objectStart = (): Place => ({ depth: 0, inText: false, escaped: false });

/**
 * Cuts a stream of bytes into the JSON objects in it, whatever separates them. Lines do not count here: `line` is the
 * number of the object.
 *
 * Other than with lines, one object that is never closed would take all that follow with it; so whatever is not an
 * object where one should begin, and an end inside an object, make the file unreadable.
 *
 * @param onRecord called for every object in order; must not keep the record
 * @throws ValidationError from `push` and `end`, saying which object it is
 */
export function createObjectSplitter(
  options: { readonly maximumLineBytes: number; readonly firstLine: number },
  onRecord: (record: RawRecord) => void,
) {
  const { maximumLineBytes } = options;
  const keptBytes = Math.min(KEPT_BYTES, maximumLineBytes);
  const record = recordBefore(options.firstLine);
  /** Bytes behind the last complete object, or the first of them, if the object is too long. */
  let rest: Buffer = Buffer.alloc(0);
  /** Bytes of the object that has begun. */
  let length = 0;
  let place: Place | undefined;
  let offset = 0;

  function emit(bytes: Buffer, start: number, end: number) {
    record.bytes = bytes;
    record.start = start;
    record.end = end;
    record.line = record.nextLine++;
    record.nextOffset = offset;
    onRecord(record);
    record.problem = undefined;
  }

  function fail(what: string): never {
    throw new ValidationError(
      `object ${record.nextLine} ${what}. Write one JSON object per line, with a JSON library.`,
    );
  }

  /** Passes what stands before the next object. @returns where that begins, or the end of the data */
  function skip(data: Buffer, from: number): number {
    let at = from;
    while (between.has(data[at]!)) at++;
    if (at < data.length && data[at] !== OPEN) fail('does not begin with {');
    return at;
  }

  return {
    /** Takes the next bytes of the file. */
    push(chunk: Uint8Array): void {
      const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let at = 0;
      while (at < data.length) {
        if (place === undefined) {
          const start = skip(data, at);
          offset += start - at;
          at = start;
          if (at === data.length) return;
          place = objectStart();
        }
        const end = findObjectEnd(data, at, place);
        const piece = data.subarray(at, end === -1 ? data.length : end);
        length += piece.length;
        offset += piece.length;
        if (end === -1) {
          const kept = length > maximumLineBytes ? keptBytes : length;
          if (rest.length < kept) rest = Buffer.concat([rest, piece], kept);
          return;
        }
        // What has a beginning in earlier data begins with these, too.
        const bytes = rest.length === 0 ? data : Buffer.concat([rest, piece]);
        record.length = length;
        record.problem = length > maximumLineBytes ? 'line-too-long' : undefined;
        emit(bytes, at, at + (record.problem ? keptBytes : length));
        rest = Buffer.alloc(0);
        length = 0;
        place = undefined;
        at = end;
      }
    },

    /** Takes the end of the file. */
    end(): void {
      if (place !== undefined) fail('is not closed at the end of the file');
    },
  };
}
