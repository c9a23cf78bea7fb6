import type { PlannedRange } from './plan.ts';
import { createRecordSplitter, type RawRecord } from './records.ts';

export interface RangePlannerOptions {
  readonly quotes: boolean;
  readonly maximumLineBytes: number;
  /** A range ends with the first record that makes it at least this long. */
  readonly rangeBytes: number;
}

/**
 * Cuts a file into ranges of about `rangeBytes`, at ends of records, while its bytes stream by.
 * Put together, the ranges are the file.
 */
export function createRangePlanner(options: RangePlannerOptions) {
  const ranges: PlannedRange[] = [];
  let start = 0;
  let firstLine = 1;
  let size = 0;
  let firstRecord: Buffer | undefined;

  function close(end: number, nextLine: number) {
    if (end > start) ranges.push({ start, end, firstLine });
    start = end;
    firstLine = nextLine;
  }

  const splitter = createRecordSplitter({ ...options, firstLine: 1 }, (record: RawRecord) => {
    firstRecord ??= Buffer.from(record.bytes.subarray(record.start, record.end));
    if (record.nextOffset - start >= options.rangeBytes) close(record.nextOffset, record.nextLine);
  });

  return {
    push(chunk: Uint8Array): void {
      size += chunk.byteLength;
      splitter.push(chunk);
    },
    /** Ends the file. */
    end(): { ranges: PlannedRange[]; firstRecord: Buffer | undefined; bytes: number } {
      splitter.end();
      close(size, firstLine);
      return { ranges, firstRecord, bytes: size };
    },
  };
}

/**
 * The first record of a stream, for a CSV file's header line; undefined when there is none.
 * Reads no further than necessary.
 */
export async function readFirstRecord(
  stream: AsyncIterable<Uint8Array>,
  options: { readonly quotes: boolean; readonly maximumLineBytes: number },
): Promise<Buffer | undefined> {
  let first: Buffer | undefined;
  const splitter = createRecordSplitter({ ...options, firstLine: 1 }, (record) => {
    first ??= Buffer.from(record.bytes.subarray(record.start, record.end));
  });
  for await (const chunk of stream) {
    splitter.push(chunk);
    if (first !== undefined) return first;
  }
  splitter.end();
  return first;
}
