import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHashSet } from '#lib/interactions/hash-set.ts';
import { hash128, hash128OfNumber } from '#lib/interactions/hash128.ts';

const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by));
const finish = (word: number) => {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) | 0;
};
const multipliers = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93];
const additions = [0x561ccd1b, 0x0bcaa747, 0x96cd1c35, 0x32ac3b17];
const stateRotations = [19, 17, 15, 13];

/** MurmurHash3_x86_128 written as a loop over four lanes and bytes, as its description reads. */
function reference(key: Uint8Array, seeds: readonly number[]): Uint32Array {
  const state = Int32Array.from(seeds);
  const mix = (lane: number, word: number) => {
    const multiplied = Math.imul(word, multipliers[lane]!);
    state[lane]! ^= Math.imul(rotate(multiplied, 15 + lane), multipliers[(lane + 1) % 4]!);
  };
  const blocks = key.length >> 4;
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  for (let block = 0; block < blocks; block++) {
    for (let lane = 0; lane < 4; lane++) {
      mix(lane, view.getInt32(block * 16 + lane * 4, true));
      const sum = rotate(state[lane]!, stateRotations[lane]!) + state[(lane + 1) % 4]!;
      state[lane] = Math.imul(sum, 5) + additions[lane]!;
    }
  }
  const tail = new DataView(new ArrayBuffer(16));
  key.subarray(blocks * 16).forEach((byte, i) => {
    tail.setUint8(i, byte);
  });
  for (let lane = 3; lane >= 0; lane--) {
    if (key.length - blocks * 16 > lane * 4) mix(lane, tail.getInt32(lane * 4, true));
  }
  const spread = () => {
    state[0]! += state[1]! + state[2]! + state[3]!;
    for (let lane = 1; lane < 4; lane++) state[lane]! += state[0]!;
  };
  for (let lane = 0; lane < 4; lane++) state[lane]! ^= key.length;
  spread();
  for (let lane = 0; lane < 4; lane++) state[lane] = finish(state[lane]!);
  spread();
  return new Uint32Array(state.buffer);
}

describe('Function: hash128', () => {
  it('has a reference that passes the published verification of MurmurHash3_x86_128', () => {
    // SMHasher: hash {}, {0}, {0, 1}, ... with seeds 256, 255, ..., then hash the hashes.
    const hashes = Buffer.alloc(256 * 16);
    const key = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (let length = 0; length < 256; length++) {
      const hash = reference(key.slice(0, length), Array(4).fill(256 - length));
      Buffer.from(hash.buffer).copy(hashes, length * 16);
    }

    expect(reference(hashes, [0, 0, 0, 0])[0]).toBe(0xb3ece62a);
  });

  it('agrees with the reference on the bytes of any text', () => {
    const seeds = fc.array(fc.integer(), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), seeds, (text, four) => {
        const state = Uint32Array.from(four);

        hash128(text, state);

        expect([...state]).toStrictEqual([...reference(Buffer.from(text, 'utf16le'), four)]);
      }),
    );
  });
});

describe('Function: hash128OfNumber', () => {
  it('agrees with the reference on the eight bytes of any number', () => {
    const seeds = fc.array(fc.integer(), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.double({ noNaN: true }), seeds, (value, four) => {
        const state = Uint32Array.from(four);

        hash128OfNumber(value, state);

        const bytes = Buffer.alloc(8);
        bytes.writeDoubleLE(value);
        expect([...state]).toStrictEqual([...reference(bytes, four)]);
      }),
    );
  });
});

describe('Function: createHashSet', () => {
  it('does what a Set does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 3 }), { maxLength: 3000, size: 'max' }),
        (texts) => {
          // Arrange
          const set = new Set<string>();
          const hashed = createHashSet();

          // Act and assess
          for (const text of texts) {
            expect(hashed.add(text)).toBe(!set.has(text));
            set.add(text);
          }
          expect(hashed.size).toBe(set.size);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('tells sequences of texts apart that are the same when joined', () => {
    const hashed = createHashSet();

    expect(hashed.add('ab', 'c')).toBe(true);
    expect(hashed.add('a', 'bc')).toBe(true);
    expect(hashed.add('ab', 'c', '')).toBe(true);
    expect(hashed.add('ab', 'c')).toBe(false);
  });

  it('finds no repetition among many different texts', () => {
    const hashed = createHashSet();

    for (let i = 0; i < 300_000; i++) hashed.add(`user-${i % 999}:item-${i}`);

    expect(hashed.size).toBe(300_000);
  });
});
