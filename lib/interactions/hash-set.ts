import { hash128, hash128OfNumber } from './hash128.ts';

/** Words of a 128-bit hash. */
const WORDS = 4;
const FIRST_SLOTS = 1 << 14;

/**
 * A set of short sequences of texts and numbers in 16 bytes each, kept as 128-bit hashes: among ten million, two different ones
 * meet with a probability of 1.5e-25. A JavaScript Set of joined texts would need several times the memory and ends
 * at 2^24 entries.
 */
export function createHashSet() {
  let slots = FIRST_SLOTS;
  let table = new Uint32Array(slots * WORDS);
  let size = 0;
  const hash = new Uint32Array(WORDS);

  /** Puts the hash at `words[from]` into a table, by open addressing. @returns false when it was there */
  function insert(into: Uint32Array, count: number, words: Uint32Array, from: number): boolean {
    const [a, b, c, d] = [words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!];
    for (let slot = a & (count - 1); ; slot = (slot + 1) & (count - 1)) {
      const at = slot * WORDS;
      if (isFree(into, at)) {
        into[at] = a;
        into[at + 1] = b;
        into[at + 2] = c;
        into[at + 3] = d;
        return true;
      }
      if (into[at] === a && into[at + 1] === b && into[at + 2] === c && into[at + 3] === d) {
        return false;
      }
    }
  }

  function grow() {
    const larger = new Uint32Array(slots * 2 * WORDS);
    for (let at = 0; at < table.length; at += WORDS) {
      if (!isFree(table, at)) insert(larger, slots * 2, table, at);
    }
    slots *= 2;
    table = larger;
  }

  return {
    get size(): number {
      return size;
    },
    /** @returns true when the sequence was not in the set */
    add(...parts: readonly (string | number)[]): boolean {
      // From 0 on, nothing and an empty text would be the same.
      hash.fill(1);
      for (const part of parts) {
        if (typeof part === 'string') hash128(part, hash);
        else hash128OfNumber(part, hash);
      }
      if (!insert(table, slots, hash, 0)) return false;
      size++;
      if (size * 4 > slots * 3) grow();
      return true;
    },
  };
}

/** All zeros mark a free slot: a hash of just zeros is far less likely than that two meet. */
const isFree = (words: Uint32Array, at: number): boolean =>
  (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) === 0;
