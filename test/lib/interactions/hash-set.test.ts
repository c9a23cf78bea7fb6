import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHashSet } from '#lib/interactions/hash-set.ts';
import { hash128 } from '#lib/interactions/hash128.ts';

const part = fc.oneof(fc.string({ maxLength: 2 }), fc.integer({ min: 0, max: 3 }));
const sequence = fc.array(part, { maxLength: 3 });

describe('Function: createHashSet', () => {
  it('does what a set of the sequences does', () => {
    fc.assert(
      fc.property(fc.array(sequence, { maxLength: 40 }), (sequences) => {
        const known = new Set<string>();
        const set = createHashSet();

        for (const one of sequences) {
          expect(set.add(...one)).toBe(!known.has(JSON.stringify(one)));
          known.add(JSON.stringify(one));
          expect(set.size).toBe(known.size);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps all that it has when it grows, twice', () => {
    const set = createHashSet();
    const count = 26_000; // Three quarters of 2^14 and of 2^15 slots are fewer.

    for (let at = 0; at < count; at++) set.add(at);

    expect(set.size).toBe(count);
    for (let at = 0; at < count; at++) if (set.add(at)) throw new Error(`${at} was lost`);
    expect(set.size).toBe(count);
    expect(set.add(count)).toBe(true);
  });

  it('compares all words of hashes, and goes from the last place on to the first', () => {
    const set = createHashSet();
    const high = 2 ** 31;
    const last = 2 ** 14 - 1;
    const hashes = [
      ...[
        [5, 7, 11, 13],
        [5 + high, 7, 11, 13],
        [5, 7 + high, 11, 13],
        [5, 7, 11 + high, 13],
      ],
      ...[
        [5, 7, 11, 13 + high],
        [high, 0, 0, 0],
        [0, 9, 0, 0],
        [0, 0, 9, 0],
        [0, 0, 0, 9],
      ],
      ...[
        [last, 1, 1, 1],
        [last, 2, 2, 2],
        [last, 3, 3, 3],
      ],
    ];
    const texts = hashes.map(textWith);

    expect(texts.map((text) => hashOf(text))).toEqual(hashes);
    expect(texts.map((text) => set.add(text))).toEqual(hashes.map(() => true));
    expect(texts.map((text) => set.add(text))).toEqual(hashes.map(() => false));
    for (let at = 0; set.size < 26_000; at++) set.add(at);
    expect(texts.map((text) => set.add(text))).toEqual(hashes.map(() => false));
  });
});

function hashOf(text: string): number[] {
  const state = new Uint32Array(4).fill(1);
  hash128(text, state);
  return [...state];
}

/** What a number is multiplied with to undo that it was multiplied with an odd one, modulo 2^32. */
function inverse(odd: number): number {
  let found = odd;
  for (let step = 0; step < 5; step++) found = Math.imul(found, 2 - Math.imul(odd, found));
  return found;
}
const turnBack = (x: number, by: number) => (x >>> by) | (x << (32 - by));

function unfinish(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, inverse(0xc2b2ae35));
  x = Math.imul(x ^ (x >>> 13) ^ (x >>> 26), inverse(0x85ebca6b));
  return x ^ (x >>> 16);
}

/** Undoes that the first word was added to the others, after these to it. */
function apart([h1, h2, h3, h4]: number[]): number[] {
  const others = [h2! - h1!, h3! - h1!, h4! - h1!];
  return [h1! - others[0]! - others[1]! - others[2]!, ...others].map((word) => word | 0);
}

/** The eight characters of which `hash128` makes these four words: MurmurHash3 x86_128 step by step, backwards. */
function textWith(hash: readonly number[]): string {
  const bytes = 16;
  const after = apart(apart([...hash]).map(unfinish)).map((word) => word ^ bytes);
  const seed = 1;
  const lanes = [
    { turn: 19, add: 0x561ccd1b, next: seed, by: 0x239b961b, inner: 15, and: 0xab0e9789 },
    { turn: 17, add: 0x0bcaa747, next: seed, by: 0xab0e9789, inner: 16, and: 0x38b34ae5 },
    { turn: 15, add: 0x96cd1c35, next: seed, by: 0x38b34ae5, inner: 17, and: 0xa1e38b93 },
    { turn: 13, add: 0x32ac3b17, next: after[0]!, by: 0xa1e38b93, inner: 18, and: 0x239b961b },
  ];
  const codes = lanes.flatMap(({ turn, add, next, by, inner, and }, lane) => {
    const mixed = turnBack(Math.imul(after[lane]! - add, inverse(5)) - next, turn) ^ seed;
    const block = Math.imul(turnBack(Math.imul(mixed, inverse(and)), inner), inverse(by));
    return [block & 0xffff, block >>> 16];
  });
  return String.fromCharCode(...codes);
}
