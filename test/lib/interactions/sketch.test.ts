import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHasher, HASH_RANGE, unpackNumbers } from '#lib/interactions/hash53.ts';
import { createSketch, storedSketch } from '#lib/interactions/sketch.ts';

/** Counts as a sketch that keeps everything. */
function count(texts: readonly string[]) {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return {
    distinct: counts.size,
    repeated: [...counts.values()].filter((times) => times > 1).length,
    largest: Math.max(0, ...counts.values()),
    exact: true,
  };
}

function sketchOf(texts: readonly string[], size: number, seed = 7) {
  const sketch = createSketch(size, seed);
  for (const text of texts) sketch.add(text);
  return sketch;
}

const texts = fc.array(
  fc.integer({ min: 0, max: 60 }).map((i) => `user-${i}`),
  { maxLength: 200 },
);

describe('Function: createSketch', () => {
  it('is exact while there are few texts, also in pieces', () => {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 5 }), (pieces) => {
        // Act
        const merged = createSketch(100, 7);
        for (const piece of pieces) merged.merge(sketchOf(piece, 100).store());

        // Assess
        expect(merged.summary()).toStrictEqual(count(pieces.flat()));
      }),
    );
  });

  it('says the same of pieces as of the whole, also when it estimates', () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 5 }), (pieces) => {
        // Act
        const merged = createSketch(16, 7);
        for (const piece of pieces) merged.merge(sketchOf(piece, 16).store());

        // Assess
        const whole = sketchOf(pieces.flat(), 16);
        expect(merged.store()).toStrictEqual(whole.store());
        expect(merged.summary()).toStrictEqual(whole.summary());
      }),
    );
  });

  it('is the same for the same texts in any order, and follows its schema', () => {
    fc.assert(
      fc.property(texts, (some) => {
        const stored = sketchOf(some, 16).store();

        expect(sketchOf(some.toReversed(), 16).store()).toStrictEqual(stored);
        expect(storedSketch.parse(JSON.parse(JSON.stringify(stored)))).toStrictEqual(stored);
      }),
    );
  });

  it('estimates large numbers within a few standard errors', () => {
    // Arrange: a third of 50,000 users comes twice.
    const users = Array.from({ length: 50_000 }, (_, i) => `user-${i}`);
    const all = [...users, ...users.filter((_, i) => i % 3 === 0)];

    // Act
    const { distinct, repeated, exact } = sketchOf(all, 2048).summary();

    // Assess: the standard error is 2.2 % for all, 3.8 % for a third.
    expect(exact).toBe(false);
    expect(Math.abs(distinct / 50_000 - 1)).toBeLessThan(0.08);
    expect(Math.abs(repeated / 16_667 - 1)).toBeLessThan(0.14);
  });

  it('says the same of pieces as of the whole, whatever each of them has dropped', () => {
    const some = fc.array(
      fc.integer({ min: 0, max: 60 }).map((i) => `user-${i}`),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(fc.array(some, { minLength: 2, maxLength: 4 }), (pieces) => {
        const merged = createSketch(4, 7);
        for (const piece of pieces) merged.merge(sketchOf(piece, 4).store());

        expect(merged.store()).toStrictEqual(sketchOf(pieces.flat(), 4).store());
      }),
    );
  });

  it('keeps the smallest hashes, and says of those alone whether they came', () => {
    // Arrange
    const hash = createHasher(7);
    const users = Array.from({ length: 60 }, (_, i) => `user-${i}`);
    const sorted = users.map((user) => hash(user)).sort((a, b) => a - b);

    // Act
    const sketch = sketchOf(users, 4);
    const { below, hashes } = sketch.store();

    // Assess
    expect([...unpackNumbers(hashes)]).toEqual(sorted.slice(0, 4));
    expect([below, sketch.below()]).toEqual([sorted[4], sorted[4]]);
    expect(sorted.slice(0, 4).map(sketch.has)).toEqual([true, true, true, true]);
    expect(sketch.has(sorted[0]! + 1)).toBe(false);
    // Of what was dropped nobody knows that it came.
    expect(
      users
        .filter((user) => !sketch.add(user))
        .map((user) => hash(user))
        .sort((a, b) => a - b),
    ).toEqual(sorted.slice(0, 4));
  });

  it('is exact up to as many texts as it keeps', () => {
    const users = ['a', 'b', 'c', 'd'];

    const sketch = sketchOf([...users, 'a'], 4);

    expect(sketch.store().below).toBe(HASH_RANGE);
    expect(sketch.summary()).toStrictEqual(count([...users, 'a']));
    expect([sketch.add('b'), sketch.add('e')]).toEqual([false, true]);
  });
});
