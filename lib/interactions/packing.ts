import { createInterface } from 'node:readline';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { Compression } from './compression.ts';

/*
 * The one place where streams are packed and unpacked: `pipe` loses what a source fails with, and `compose` loses what
 * damaged data fail with, whoever waits for them.
 */

const OUTPUT_BYTES = 256 * 1024;
/** Up to here, nobody asks how far data expand. */
const FREE_BYTES = 4 * 1024 * 1024;
const MEBIBYTE = 1024 * 1024;

/** How much may come of gzipped data. */
export interface GunzipLimits {
  readonly maximumUnpackedBytes: number;
  /** How many times as large as the gzipped bytes read so far, once there are more than 4 MiB. */
  readonly maximumExpansion: number;
}

const compressors = { gzip: createGzip, zstd: createZstdCompress } as const;
const decompressors = {
  gzip: () => createGunzip({ chunkSize: OUTPUT_BYTES }),
  zstd: () => createZstdDecompress({ chunkSize: OUTPUT_BYTES }),
} as const;

/** Uncompresses a gzipped stream, see `uncompressed`. */
export const gunzipped = (
  source: Readable,
  where: string,
  limits?: GunzipLimits,
): AsyncGenerator<Uint8Array> => uncompressed(source, 'gzip', where, limits);

/**
 * Uncompresses a stream, chunk by chunk. Whoever stops reading closes the source.
 *
 * @param where what is read, for the message
 * @param limits none for data of our own
 * @throws ValidationError when the data is not what it is said to be, ends too early, or is more than the limits allow; an
 *   error of the source as it is
 */
export async function* uncompressed(
  source: Readable,
  compression: Compression,
  where: string,
  limits?: GunzipLimits,
): AsyncGenerator<Uint8Array> {
  const unpack = decompressors[compression]();
  // Errors of either stream arrive through the loop below.
  pipeline(source, unpack, () => {});
  try {
    let bytes = 0;
    for await (const chunk of unpack) {
      bytes += (chunk as Uint8Array).byteLength;
      if (limits) checkLimits(bytes, unpack.bytesWritten, where, limits);
      yield chunk as Uint8Array;
    }
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    if (error instanceof ValidationError || !/^Z(STD)?_/.test(code)) throw error;
    const what = (error as Error).message;
    throw new ValidationError(
      `${where} is not a complete ${compression} file, or has something else behind it (${what}).`,
      { cause: error },
    );
  }
}

/**
 * The lines of gzipped text. Whoever stops reading closes the source.
 *
 * @throws as `uncompressed`
 */
export async function* gunzippedLines(source: Readable, where: string): AsyncGenerator<string> {
  const text = Readable.from(gunzipped(source, where));
  try {
    yield* createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
  } finally {
    text.destroy();
    source.destroy();
  }
}

/** Compresses text as it is made, see `compressed`. */
export const gzipped = (text: Iterable<string> | AsyncIterable<string>): Readable =>
  compressed(text, 'gzip');

/**
 * Compresses text or bytes as they are made. Whatever making them fails with reaches the reader; a reader that stops ends the
 * making.
 */
export function compressed(
  content: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  compression: Compression,
): Readable {
  // Errors arrive at the reader.
  return pipeline(Readable.from(content), compressors[compression](), () => {});
}

/**
 * The first bytes of chunks; reads no further than necessary.
 *
 * @returns at least so many, or all; `isWhole` when there are no more
 */
export async function beginningOf(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ head: Uint8Array; isWhole: boolean }> {
  const taken: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    taken.push(chunk);
    length += chunk.byteLength;
    if (length > bytes) return { head: Buffer.concat(taken), isWhole: false };
  }
  return { head: Buffer.concat(taken), isWhole: true };
}

function checkLimits(bytes: number, read: number, where: string, limits: GunzipLimits): void {
  const { maximumUnpackedBytes, maximumExpansion } = limits;
  if (bytes > maximumUnpackedBytes) {
    throw new ValidationError(
      `${where} has more than ${Math.floor(maximumUnpackedBytes / MEBIBYTE).toLocaleString('en-US')} MiB uncompressed, which is the most that is read. Split it.`,
    );
  }
  if (bytes > FREE_BYTES && bytes > maximumExpansion * read) {
    throw new ValidationError(
      `${where} becomes more than ${maximumExpansion} times as large when uncompressed, as no log does. Upload it uncompressed, if it is one.`,
    );
  }
}
