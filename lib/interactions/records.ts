import { findRecordEnd } from './csv.ts';

/** One line of JSON lines, or one record of CSV, as bytes. The same object is used for every record. */
export interface RawRecord {
  /** Complete records of the file; the current one is `[start, end)`, without its line break. */
  bytes: Buffer;
  start: number;
  end: number;
  /** Number of its first line, counted from the splitter's `firstLine`. */
  line: number;
  /** Bytes of the whole record; more than `end - start` when it is too long to keep. */
  length: number;
  /** Offset of the byte after its line break, from the first byte pushed. */
  nextOffset: number;
  /** Number of the line after it. */
  nextLine: number;
  problem: 'line-too-long' | 'broken-csv' | undefined;
}

export interface SplitterOptions {
  /** True for CSV, whose quoted fields may contain line breaks. */
  readonly quotes: boolean;
  /** What separates fields, where quotes mean something: one character. */
  readonly separator?: string;
  /** True for a file whose lines end in `\r`: each counts as `\n`. */
  readonly carriageReturns?: boolean;
  /** Longest record kept whole, in bytes. */
  readonly maximumLineBytes: number;
  readonly firstLine: number;
}

/** Of a record that is too long, this much is kept for quarantine. */
export const KEPT_BYTES = 1024;
const LINE_FEED = 10;
const QUOTE = 34;
const CARRIAGE_RETURN = 13;

/** The record that a splitter fills in, before the first one. */
export const recordBefore = (firstLine: number): RawRecord => ({
  bytes: Buffer.alloc(0),
  start: 0,
  end: 0,
  line: firstLine,
  length: 0,
  nextOffset: 0,
  nextLine: firstLine,
  problem: undefined,
});

/**
 * Cuts a stream of bytes into records. What the records are depends on the bytes alone, not on how they come in
 * chunks, and cutting again from any record's `nextOffset` gives the same records: so a file can be read in ranges.
 *
 * A CSV record whose quotes are broken, or not closed within `maximumLineBytes`, ends at its first line break, so
 * that one bad quote costs one line.
 *
 * @param onRecord called for every record in order; must not keep the object
 */
export function createRecordSplitter(
  options: SplitterOptions,
  onRecord: (record: RawRecord) => void,
) {
  const { quotes, carriageReturns = false, maximumLineBytes } = options;
  const separator = options.separator?.charCodeAt(0);
  const keptBytes = Math.min(KEPT_BYTES, maximumLineBytes);
  const record = recordBefore(options.firstLine);
  /** Data behind the last complete record, and its offset. */
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  /** While in a line that is too long: its first bytes, and its bytes so far. */
  let head: Buffer | undefined;
  let headLength = 0;

  function emit(bytes: Buffer, start: number, end: number, lines: number, next: number) {
    record.bytes = bytes;
    record.start = start;
    record.end = end;
    record.line = record.nextLine;
    record.nextLine += lines;
    record.nextOffset = next;
    onRecord(record);
    record.problem = undefined;
  }

  function emitLine(
    bytes: Buffer,
    start: number,
    lineEnd: number,
    next: number,
    problem?: 'broken-csv',
  ) {
    // Before an empty line is a line feed, or nothing.
    const end = bytes[lineEnd - 1] === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd;
    record.length = lineEnd - start;
    record.problem = lineEnd - start > maximumLineBytes ? 'line-too-long' : problem;
    emit(bytes, start, record.problem === 'line-too-long' ? start + keptBytes : end, 1, next);
  }

  /** Emits the records in `data[0, complete)`, where a line break or the end of the file is at `complete`. */
  function split(data: Buffer, complete: number, final: boolean): number {
    const region = data.subarray(0, complete);
    let start = 0;
    let nextQuote = quotes ? -1 : Number.POSITIVE_INFINITY;
    while (start < complete) {
      const found = data.indexOf(LINE_FEED, start);
      const lineEnd = found === -1 ? complete : found;
      const next = Math.min(lineEnd + 1, complete);
      if (nextQuote < start) {
        nextQuote = data.indexOf(QUOTE, start);
        if (nextQuote === -1) nextQuote = Number.POSITIVE_INFINITY;
      }
      if (nextQuote >= lineEnd || lineEnd - start > maximumLineBytes) {
        emitLine(region, start, lineEnd, offset + next);
        start = next;
        continue;
      }
      const end = findRecordEnd(data, start, final, separator);
      if (end === 'incomplete' && !final && data.length - start <= maximumLineBytes) break;
      if (typeof end !== 'number' || end - start > maximumLineBytes) {
        emitLine(region, start, lineEnd, offset + next, 'broken-csv');
        start = next;
        continue;
      }
      const after = Math.min(end + 1, complete);
      record.length = end - start;
      const trimmed = data[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
      emit(region, start, trimmed, countLines(data, start, end), offset + after);
      start = after;
    }
    return start;
  }

  return {
    /** Takes the next bytes of the file. */
    push(chunk: Uint8Array): void {
      let data = carriageReturns
        ? withLineFeeds(chunk)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      if (head !== undefined) {
        const lineEnd = data.indexOf(LINE_FEED);
        headLength += lineEnd === -1 ? data.length : lineEnd;
        if (lineEnd === -1) return;
        offset += headLength + 1;
        record.length = headLength;
        record.problem = 'line-too-long';
        emit(head, 0, head.length, 1, offset);
        head = undefined;
        data = data.subarray(lineEnd + 1);
      } else if (rest.length > 0) {
        data = Buffer.concat([rest, data]);
      }
      const consumed = split(data, data.lastIndexOf(LINE_FEED) + 1, false);
      offset += consumed;
      rest = data.subarray(consumed);
      // A record with line breaks that is too long has been cut at the first of them.
      if (rest.length > maximumLineBytes) {
        head = Buffer.from(rest.subarray(0, keptBytes));
        headLength = rest.length;
        rest = Buffer.alloc(0);
      }
    },

    /** Takes the end of the file: what is left is the last record, which needs no line break. */
    end(): void {
      if (head !== undefined) {
        record.length = headLength;
        record.problem = 'line-too-long';
        emit(head, 0, head.length, 1, offset + headLength);
        head = undefined;
      } else {
        split(rest, rest.length, true);
      }
      rest = Buffer.alloc(0);
    },
  };
}

/** A copy in which every `\r` is `\n`; all offsets stay. */
function withLineFeeds(chunk: Uint8Array): Buffer {
  const data = Buffer.from(chunk);
  let at = data.indexOf(CARRIAGE_RETURN);
  while (at !== -1) {
    data[at] = LINE_FEED;
    at = data.indexOf(CARRIAGE_RETURN, at + 1);
  }
  return data;
}

function countLines(data: Buffer, start: number, end: number): number {
  let lines = 1;
  for (let at = data.indexOf(LINE_FEED, start); at !== -1 && at < end; lines++) {
    at = data.indexOf(LINE_FEED, at + 1);
  }
  return lines;
}
