import type { Interaction } from '#lib/interactions/rows.ts';
import {
  createSortedRows,
  decodeIndex,
  indexBytes,
  readSortedRows,
  trailerBytes,
} from '#lib/interactions/sorted-rows.ts';

/** The bytes of an object of `interactions/`. */
export function sorted(rows: Iterable<Interaction>, sizes?: { piece: number; block: number }) {
  const writer = createSortedRows(sizes);
  for (const row of rows) writer.add(row);
  writer.end();
  return Buffer.from(writer.take());
}

export const indexOf = (bytes: Uint8Array) =>
  decodeIndex(bytes.subarray(-indexBytes(bytes.subarray(-trailerBytes), 'it')), 'it');

/** The rows of an object of `interactions/`, as they lie in it; none of an object without bytes. */
export const stored = (bytes: Uint8Array): Interaction[] =>
  bytes.length === 0 ? [] : [...readSortedRows(bytes, 'it')];

/** The same in the order of their file. */
export const inFileOrder = (bytes: Uint8Array) => stored(bytes).sort((a, b) => a.line - b.line);
