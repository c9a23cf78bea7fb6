import { describe, expect, it } from 'vitest';
import { createHasher, HASH_RANGE, packNumbers, unpackNumbers } from '#lib/interactions/hash53.ts';
import { hash128 } from '#lib/interactions/hash128.ts';

describe('Function: createHasher', () => {
  it('gives the first 21 and the next 32 bits of the hash of 128', () => {
    const hash = createHasher(7);
    for (const text of ['', 'a', 'user 17', 'é'.repeat(20)]) {
      const words = new Uint32Array(4).fill(7);
      hash128(text, words);

      const found = hash(text);

      expect(BigInt(found)).toBe(((BigInt(words[0]!) >> 11n) << 32n) | BigInt(words[1]!));
      expect(found).toBeLessThan(HASH_RANGE);
    }
  });
});

describe('Functions: packNumbers, unpackNumbers', () => {
  it('give back every number, also of a part of an array', () => {
    const numbers = Float64Array.of(0, 1.5, HASH_RANGE - 1, -(2 ** -40));

    expect(packNumbers(Float64Array.of(1))).toBe('AAAAAAAA8D8=');
    expect(unpackNumbers(packNumbers(numbers.subarray(1)))).toEqual(numbers.subarray(1).slice());
  });
});
