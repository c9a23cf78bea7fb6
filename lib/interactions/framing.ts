import { type CsvDialect, commas } from './csv.ts';
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
  /** Of CSV. */
  readonly dialect?: CsvDialect | null;
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
  if (options.framing === 'objects') return createObjectSplitter(options, onRecord);
  const { quotes, separator } = options.dialect ?? commas;
  const isQuoted = options.framing === 'csv' && quotes;
  return createRecordSplitter({ ...options, quotes: isQuoted, separator }, onRecord);
}
