import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHasher, HASH_RANGE, unpackNumbers } from '#lib/interactions/hash53.ts';
import { createSketch } from '#lib/interactions/sketch.ts';
import { createSpellingCounts, knownBy, storedSpellings } from '#lib/interactions/spellings.ts';

const seed = 7;

function countIn(...ranges: readonly (readonly string[])[]) {
  const all = createSketch(1000, seed);
  const spelled = createSpellingCounts(1000, seed);
  for (const ids of ranges) {
    const someIds = createSketch(1000, seed);
    const some = createSpellingCounts(1000, seed);
    for (const id of ids) {
      someIds.add(id);
      some.add(id);
    }
    all.merge(someIds.store());
    spelled.merge(storedSpellings.parse(JSON.parse(JSON.stringify(some.store()))));
  }
  return spelled.count(all);
}

describe('Function: createSpellingCounts', () => {
  it.each([
    [['ann', 'bob', 'B00123', '17', '017x'], {}],
    [['ann', 'Ann', 'ANN', 'bob'], { case: 1 }],
    [['17', '17.0', '18.0', '18.00', '19.0'], { decimals: 2 }],
    [['7', '07', '007', '0', '00'], { zeros: 2 }],
    [['8800000000000', '8.8E+12', '8.80E+12'], { exponent: 1 }],
    [['a b', 'ab', 'a\u200bb', 'c'], { invisible: 1 }],
    [['café', 'cafe\u0301', 'ﬁ', 'fi'], { form: 2 }],
  ])('counts ids of %j in two spellings', (ids, expected) => {
    expect(countIn(ids)).toStrictEqual(expected);
  });

  it('counts across ranges, whatever range has which', () => {
    const id = fc.constantFrom('ann', 'Ann', 'ANN', 'bob', 'Bob', '7', '07', '7.0', 'a b', 'ab');
    fc.assert(
      fc.property(fc.array(id), fc.array(id), (first, second) => {
        expect(countIn(first, second)).toStrictEqual(countIn([...second, ...first]));
      }),
    );
  });

  it('estimates where there are more ids than it keeps', () => {
    const all = createSketch(2000, seed);
    const spelled = createSpellingCounts(500, seed);
    for (let i = 0; i < 20_000; i++) {
      for (const id of i % 2 ? [`User ${i}`] : [`User ${i}`, `user ${i}`]) {
        all.add(id);
        spelled.add(id);
      }
    }

    const { case: several = 0 } = spelled.count(all);

    expect(several).toBeGreaterThan(8500);
    expect(several).toBeLessThan(11_500);
    expect(JSON.stringify(spelled.store()).length).toBeLessThan(40_000);
    expect(JSON.stringify(spelled.store())).not.toContain('ser');
  });
});

describe('Function: createSpellingCounts, with more ids than it keeps', () => {
  const size = 4;
  const countsOf = (ids: readonly string[]) => {
    const counts = createSpellingCounts(size, seed);
    for (const id of ids) counts.add(id);
    return counts;
  };
  const hash = createHasher(seed);

  it('says the same of pieces as of the whole, whatever each of them has dropped', () => {
    const id = fc.tuple(fc.constantFrom('User', 'USER', 'user'), fc.integer({ min: 0, max: 40 }));
    const some = fc.array(
      id.map(([name, number]) => `${name}${number}`),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(fc.array(some, { minLength: 2, maxLength: 4 }), (pieces) => {
        const merged = createSpellingCounts(size, seed);
        for (const piece of pieces) merged.merge(countsOf(piece).store());

        expect(merged.store()).toStrictEqual(countsOf(pieces.flat()).store());
      }),
    );
  });

  it('keeps the folded ids with the smallest hashes, in their order', () => {
    const ids = Array.from({ length: 60 }, (_, i) => `User${i}`);
    const sorted = ids.map((id) => hash(id.toLowerCase())).sort((a, b) => a - b);

    const { case: kept } = countsOf(ids).store();

    expect([...unpackNumbers(kept!.folded)]).toEqual(sorted.slice(0, size));
    expect(kept!.below).toBe(sorted[size]);
    expect(countsOf(ids.slice(0, size)).store().case!.below).toBe(HASH_RANGE);
  });

  it('stores the same bytes for the same ids in any order', () => {
    const ids = ['Ann', '7.0', '007', 'a b', '8.8E+12', 'ﬁ'];

    const stored = countsOf(ids).store();

    expect(JSON.stringify(countsOf(ids.toReversed()).store())).toBe(JSON.stringify(stored));
    expect(Object.keys(stored)).toEqual(Object.keys(stored).toSorted());
  });

  it('estimates from the ids of which the sketch of all has not dropped any', () => {
    // Arrange: each user in two spellings that are folded, and of all ids the sketch keeps few.
    const names = Array.from({ length: 40 }, (_, i) => `user${i}`);
    const capital = (name: string) => name.replace('u', 'U');
    const all = createSketch(10, seed);
    const spelled = createSpellingCounts(1000, seed);
    for (const id of names.flatMap((name) => [capital(name), name.toUpperCase()])) {
      all.add(id);
      spelled.add(id);
    }

    // Act
    const { case: several } = spelled.count(all);

    // Assess
    const kept = names.filter((name) => hash(name) < all.below()).length;
    expect(kept).toBeLessThan(names.length);
    expect(several).toBe(Math.round((kept * HASH_RANGE) / all.below()));
  });
});

describe('Function: knownBy', () => {
  it.each([
    ['1000.0', ['1000'], ['decimals']],
    ['1000', ['1000.0'], ['decimals']],
    ['5', ['000005'], ['zeros']],
    ['I0', ['i0'], ['case']],
    ['i0', ['I0'], ['case']],
    ['cafe\u0301', ['caf\u00e9'], ['form']],
    ['8.80E+12', ['8800000000000'], ['exponent']],
    ['i\u00ad0', ['i0'], ['invisible']],
    ['nowhere', ['i0'], []],
    ['I0.0', ['i0'], []],
    ['1E5', ['100000'], ['exponent']],
    ['1.500e1', ['15'], ['exponent']],
    ['0.05E2', ['5'], ['exponent']],
    ['0E3', ['0'], ['exponent']],
    ['100.0010E4', ['1000010'], ['exponent']],
    ['12.5E+1', ['125'], ['exponent']],
    ['1.25E1', ['12.5'], []],
    ['x8.8E+12', ['8800000000000'], []],
    ['8.8E+12x', ['8800000000000'], []],
    ['\u200b', ['\u200c'], []],
  ])('knows %j among %j by %j', (id, known, expected) => {
    expect(knownBy(id, new Set(known))).toStrictEqual(expected);
  });
});
