import { hash128 } from './hash.ts';

/** Words of a 128-bit hash. */
const WORDS = 4;

/**
 * A set of texts in 16 bytes each, kept as 128-bit hashes: among ten million texts, two different ones meet with a
 * probability of 1.5e-25. A JavaScript Set of the texts would need ten times the memory and ends at 2^24 entries.
 */
export function createHashSet() {
  let slots = 1 << 10;
  let table = new Uint32Array(slots * WORDS);
  let size = 0;
  const hash = new Uint32Array(WORDS);

  /** Index of the hash's slot in a table, or of the free slot where it belongs (open addressing). */
  function find(words: Uint32Array, count: number, h: Uint32Array, from: number): number {
    let slot = h[from]! & (count - 1);
    for (;;) {
      const at = slot * WORDS;
      const free = (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) === 0;
      const same =
        words[at] === h[from] &&
        words[at + 1] === h[from + 1] &&
        words[at + 2] === h[from + 2] &&
        words[at + 3] === h[from + 3];
      if (free || same) return at;
      slot = (slot + 1) & (count - 1);
    }
  }

  function grow() {
    const larger = new Uint32Array(slots * 2 * WORDS);
    for (let at = 0; at < table.length; at += WORDS) {
      if ((table[at]! | table[at + 1]! | table[at + 2]! | table[at + 3]!) === 0) continue;
      larger.set(table.subarray(at, at + WORDS), find(larger, slots * 2, table, at));
    }
    slots *= 2;
    table = larger;
  }

  return {
    get size(): number {
      return size;
    },
    /** @returns true when the text was not in the set */
    add(text: string): boolean {
      hash128(text, 0, hash);
      // All zero marks a free slot.
      if ((hash[0]! | hash[1]! | hash[2]! | hash[3]!) === 0) hash[3] = 1;
      const at = find(table, slots, hash, 0);
      if (
        table[at] === hash[0] &&
        table[at + 1] === hash[1] &&
        table[at + 2] === hash[2] &&
        table[at + 3] === hash[3]
      ) {
        return false;
      }
      table.set(hash, at);
      size++;
      if (size * 2 > slots) grow();
      return true;
    },
  };
}
