import * as z from 'zod';
import { createHasher, HASH_RANGE, packNumbers, unpackNumbers } from './hash53.ts';
import { createNumberCounts } from './number-counts.ts';

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
  const counts = createNumberCounts();
  const hash = createHasher(seed);
  let below = HASH_RANGE;

  function prune() {
    below = counts.keys().sort()[size]!;
    counts.keepBelow(below);
  }

  function count(key: number, times: number): boolean {
    if (key >= below) return true;
    const isNew = counts.add(key, times);
    if (isNew && counts.size > 2 * size) prune();
    return isNew;
  }

  return {
    /** @returns false when the text is known to have come before */
    add: (text: string): boolean => count(hash(text), 1),

    /** Adds what another range's sketch of the same seed has counted. */
    merge(stored: StoredSketch): void {
      below = Math.min(below, stored.below);
      counts.keepBelow(below);
      const hashes = unpackNumbers(stored.hashes);
      const times = unpackCounts(stored.counts);
      hashes.forEach((key, i) => {
        count(key, times[i]!);
      });
    },

    /** Hashes from here on are not kept. */
    below: (): number => below,

    /** True when a text with this hash, which is below `below`, was added. */
    has: (hashed: number): boolean => counts.get(hashed) > 0,

    /** The sketch as JSON; the same for the same texts in any order. */
    store(): StoredSketch {
      if (counts.size > size) prune();
      const hashes = counts.keys().sort();
      const times = Uint32Array.from(hashes, (key) => counts.get(key));
      return { below, hashes: packNumbers(hashes), counts: packCounts(times) };
    },

    summary(): SketchSummary {
      const exact = below === HASH_RANGE;
      const share = below / HASH_RANGE;
      const times = Array.from(counts.keys(), (key) => counts.get(key));
      return {
        distinct: Math.round(counts.size / share),
        repeated: Math.round(times.filter((count) => count > 1).length / share),
        largest: times.reduce((a, b) => Math.max(a, b), 0),
        exact,
      };
    },
  };
}

export type Sketch = ReturnType<typeof createSketch>;

const packCounts = (values: Uint32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

function unpackCounts(text: string): Uint32Array {
  const bytes = Buffer.from(text, 'base64');
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return new Uint32Array(copy);
}
