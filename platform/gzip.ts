import { pipeline, Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { ValidationError } from '#lib/contracts/errors.ts';

const OUTPUT_BYTES = 256 * 1024;

/**
 * Uncompresses a gzipped stream, chunk by chunk. Whoever stops reading closes the source.
 *
 * @param where what is read, for the message
 * @throws ValidationError when the data is not gzip, or ends too early; an error of the source as it is
 */
export async function* gunzipped(source: Readable, where: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: OUTPUT_BYTES });
  // Errors of either stream arrive through the loop below.
  pipeline(source, gunzip, () => {});
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error;
    const what = (error as Error).message;
    throw new ValidationError(`${where} is not a complete gzip file (${what}).`, { cause: error });
  }
}

/**
 * Compresses text as it is made. Whatever making it fails with reaches the reader; a reader that stops ends the making.
 */
export function gzipped(text: Iterable<string> | AsyncIterable<string>): Readable {
  // Errors arrive at the reader.
  return pipeline(Readable.from(text), createGzip(), () => {});
}
