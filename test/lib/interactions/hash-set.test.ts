import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHashSet } from '#lib/interactions/hash-set.ts';

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
});
