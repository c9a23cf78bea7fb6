import * as z from 'zod';
import { hash128 } from './hash.ts';

/** Hashes are 53-bit integers, so that they are exact in a double. */
const HASH_RANGE = 2 ** 53;

/** A sketch as JSON; `hashes` and `counts` are base64 of little-endian float64 and uint32, same order. */
export const storedSketch = z.strictObject({
  below: z.number().min(0).max(HASH_RANGE),
  hashes: z.base64(),
  counts: z.base64(),
});

export type StoredSketch = z.infer<typeof storedSketch>;

/** What a sketch tells about the texts it was given. */
export interface SketchSummary {
  /** Distinct texts. */
  readonly distinct: number;
  /** Distinct texts that came at least twice. */
  readonly repeated: number;
  /** How often the most frequent one came; a lower bound unless `exact`. */
  readonly largest: number;
  /** False when `distinct` and `repeated` are estimates. */
  readonly exact: boolean;
}

/**
 * Counts distinct texts and how often they come, in bounded memory, such that the sketches of a file's ranges can be
 * put together: it keeps the texts with the smallest hashes ("bottom-k", Bar-Yossef et al. 2002,
 * https://doi.org/10.1007/3-540-45726-7_1), which are the same texts in every range. Exact up to `size` distinct
 * texts; beyond, the relative standard error is about `1 / sqrt(size)`.
 *
 * @param seed of the hashes; sketches with different seeds cannot be put together
 */
export function createSketch(size: number, seed: number) {
  const counts = new Map<number, number>();
  const hash = new Uint32Array(4);
  let below = HASH_RANGE;

  function prune() {
    const hashes = Float64Array.from(counts.keys()).sort();
    below = hashes[size]!;
    for (const dropped of hashes.subarray(size)) counts.delete(dropped);
  }

  function count(key: number, times: number) {
    if (key >= below) return;
    counts.set(key, (counts.get(key) ?? 0) + times);
    if (counts.size > 2 * size) prune();
  }

  return {
    add(text: string): void {
      hash.fill(seed);
      hash128(text, hash);
      count((hash[0]! >>> 11) * 2 ** 32 + hash[1]!, 1);
    },

    /** Adds what another range's sketch of the same seed has counted. */
    merge(stored: StoredSketch): void {
      below = Math.min(below, stored.below);
      for (const key of counts.keys()) if (key >= below) counts.delete(key);
      const hashes = decode(stored.hashes, Float64Array);
      const times = decode(stored.counts, Uint32Array);
      hashes.forEach((key, i) => {
        count(key, times[i]!);
      });
    },

    /** The sketch as JSON; the same for the same texts in any order. */
    store(): StoredSketch {
      if (counts.size > size) prune();
      const hashes = Float64Array.from(counts.keys()).sort();
      const times = Uint32Array.from(hashes, (key) => counts.get(key)!);
      return { below, hashes: encode(hashes), counts: encode(times) };
    },

    summary(): SketchSummary {
      const exact = below === HASH_RANGE;
      const share = below / HASH_RANGE;
      const times = [...counts.values()];
      return {
        distinct: Math.round(counts.size / share),
        repeated: Math.round(times.filter((count) => count > 1).length / share),
        largest: times.reduce((a, b) => Math.max(a, b), 0),
        exact,
      };
    },
  };
}

function encode(values: Float64Array | Uint32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

function decode<T>(text: string, ArrayType: new (buffer: ArrayBuffer) => T): T {
  const bytes = Buffer.from(text, 'base64');
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return new ArrayType(copy);
}
