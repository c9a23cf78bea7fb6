import { createRowSplitter, type RowSplitterOptions } from './framing.ts';
import type { RawRecord } from './records.ts';
import type { PlannedRange } from './upload-plan.ts';

export interface RangePlannerOptions extends RowSplitterOptions {
  /** Bytes before the first row; they belong to the first range. */
  readonly skipBytes: number;
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
  let { firstLine, skipBytes: skip } = options;
  let size = 0;

  function close(end: number, nextLine: number) {
    if (end > start) ranges.push({ start, end, firstLine });
    start = end;
    firstLine = nextLine;
  }

  const splitter = createRowSplitter(options, (record: RawRecord) => {
    const end = options.skipBytes + record.nextOffset;
    if (end - start >= options.rangeBytes) close(end, record.nextLine);
  });

  return {
    push(chunk: Uint8Array): void {
      size += chunk.byteLength;
      const passed = Math.min(skip, chunk.byteLength);
      skip -= passed;
      splitter.push(chunk.subarray(passed));
    },
    /** Ends the file. @throws ValidationError, as `push`, when rows cannot be told apart */
    end(): PlannedRange[] {
      splitter.end();
      close(size, firstLine);
      return ranges;
    },
  };
}
