import { createObjectSplitter } from './object-splitter.ts';
import { createRecordSplitter, type RawRecord } from './records.ts';

/**
 * How rows follow each other in a file: one per line, as CSV records (which may span lines), or as JSON objects with
 * anything harmless between them (a JSON array, objects over several lines, objects without line breaks).
 */
export const framings = ['lines', 'csv', 'objects'] as const;
export type Framing = (typeof framings)[number];

export interface RowSplitterOptions {
  readonly framing: Framing;
  /** Lines end in `\r`. */
  readonly carriageReturns: boolean;
  /** Longest row kept whole, in bytes. */
  readonly maximumLineBytes: number;
  /** Number of the first line; of the first object where the rows are objects. */
  readonly firstLine: number;
}

/** Cuts a stream of bytes into rows; the same rows however the bytes come, and from any row's `nextOffset` on. */
export function createRowSplitter(
  options: RowSplitterOptions,
  onRecord: (record: RawRecord) => void,
) {
  return options.framing === 'objects'
    ? createObjectSplitter(options, onRecord)
    : createRecordSplitter({ ...options, quotes: options.framing === 'csv' }, onRecord);
}
