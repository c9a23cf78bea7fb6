import fc from 'fast-check';
import { createRecordSplitter, type SplitterOptions } from '#lib/interactions/records.ts';

/** Text in which line breaks, quotes and commas are frequent. */
const messyText = fc
  .array(
    fc.oneof(fc.constantFrom('"', '""', ',', '\n', '\r\n', '\r', 'a', 'é', ' '), fc.string()),
    {
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(''));

/** Bytes of a file: messy text, at times with bytes that are not UTF-8. */
export const fileBytes = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: messyText.map((text) => Buffer.from(text)) },
      fc.uint8Array({ maxLength: 3 }),
    ),
  )
  .map((parts) => Buffer.concat(parts));

/** Cuts bytes into chunks of the given sizes, in turn. */
export function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let start = 0, i = 0; start < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  return chunks;
}

export const chunkSizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });

/** A record as a plain value. */
export interface SplitRecord {
  readonly text: string;
  readonly line: number;
  readonly length: number;
  readonly nextOffset: number;
  readonly nextLine: number;
  readonly problem: string | undefined;
}

export function splitAll(chunks: readonly Uint8Array[], options: SplitterOptions): SplitRecord[] {
  const records: SplitRecord[] = [];
  const splitter = createRecordSplitter(options, ({ bytes, start, end, ...rest }) =>
    records.push({ text: bytes.toString('latin1', start, end), ...rest }),
  );
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return records;
}
