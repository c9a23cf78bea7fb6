import { hash128 } from './hash128.ts';

/** Hashes are 53-bit integers, so that they are exact in a double. */
export const HASH_RANGE = 2 ** 53;

/** A hash of texts, 0 to 2^53 - 1. */
export function createHasher(seed: number): (text: string) => number {
  const hash = new Uint32Array(4);
  return (text) => {
    hash.fill(seed);
    hash128(text, hash);
    return (hash[0]! >>> 11) * 2 ** 32 + hash[1]!;
  };
}

/** Numbers as base64 of little-endian float64. */
export const packNumbers = (values: Float64Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

export function unpackNumbers(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return new Float64Array(copy);
}
