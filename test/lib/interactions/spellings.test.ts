import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
  ])('knows %j among %j by %j', (id, known, expected) => {
    expect(knownBy(id, new Set(known))).toStrictEqual(expected);
  });
});
