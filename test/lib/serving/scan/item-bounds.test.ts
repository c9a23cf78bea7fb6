import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '#lib/recommender/random.ts';
import { ItemBounds } from '#lib/serving/scan/item-bounds.ts';

const number = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -4, max: 4, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1e-42, 1e-20, 1e12, -1e12, 127, -127.5) },
);

/** Items, a query and terms. */
const worlds = fc
  .record({
    items: fc.integer({ min: 1, max: 700 }),
    // Along one dimension bounds are tight.
    dimension: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 19 })),
    terms: fc.integer({ min: 0, max: 3 }),
    seeds: fc.array(number, { minLength: 40, maxLength: 40 }),
    size: fc.constantFrom(1e-30, 1e-3, 1, 1e6),
  })
  .map(({ items, dimension, terms, seeds, size }) => {
    const at = (place: number) => seeds[(place * 2_654_435_761) % 40]! * (1 + (place % 7) / 7);
    return {
      dimension,
      values: Float32Array.from({ length: items * dimension }, (_, place) => size * at(place)),
      query: Float64Array.from({ length: dimension }, (_, place) => Math.fround(at(place + 13))),
      terms: Array.from({ length: terms }, (_, term) =>
        Float64Array.from({ length: items }, (_, place) => at(place + 101 * term)),
      ),
      weights: Float64Array.from({ length: terms }, (_, term) => at(term + 5)),
    };
  });

type World = typeof worlds extends fc.Arbitrary<infer One> ? One : never;

/** Scores as serving computes them: products in float32, the rest in float64. */
function scoresOf({ values, dimension, query, terms, weights }: World): Float64Array {
  return Float64Array.from({ length: values.length / dimension }, (_, item) => {
    let sum = 0;
    query.forEach((value, at) => {
      sum = Math.fround(sum + Math.fround(value * values[item * dimension + at]!));
    });
    return terms.reduce((all, term, which) => all + weights[which]! * term[item]!, sum);
  });
}

function boundsOf({ values, dimension, terms }: World): ItemBounds | undefined {
  const bounds = ItemBounds.of({ values, dimension }, terms.length);
  terms.forEach((term, which) => {
    bounds?.setTerm(which, term);
  });
  return bounds;
}

describe('Class: ItemBounds', () => {
  it('looks at every item whose score reaches the threshold, once, in order', () => {
    fc.assert(
      fc.property(worlds, fc.double({ min: 0, max: 1, noNaN: true }), (world, share) => {
        // Arrange: a threshold that is somebody's score.
        const scores = scoresOf(world);
        const threshold = scores.toSorted()[Math.floor(share * (scores.length - 1))]!;
        const looked: number[] = [];

        // Act
        const isBounded = boundsOf(world)!.visit(
          world.query,
          world.weights,
          () => threshold,
          (item) => looked.push(item),
        );

        // Assess
        expect(isBounded).toBe(true);
        expect(looked).toEqual([...new Set(looked)].sort((a, b) => a - b));
        const looks = new Set(looked);
        scores.forEach((score, place) => {
          if (score >= threshold) expect(looks.has(place + 1)).toBe(true);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('passes over nearly all others', () => {
    // Arrange
    const random = randomStream(1, 'items');
    const items = 20_000;
    const dimension = 16;
    const values = Float32Array.from({ length: items * dimension }, () => random.uniform() - 0.5);
    const query = Float64Array.from({ length: dimension }, (_, at) => Math.cos(at));
    const world = { values, dimension, query, terms: [], weights: new Float64Array() };
    const threshold = scoresOf(world).toSorted().at(-20)!;
    let looked = 0;

    // Act
    boundsOf(world)!.visit(
      query,
      [],
      () => threshold,
      () => {
        looked++;
      },
    );

    // Assess
    expect(looked).toBeGreaterThanOrEqual(20);
    expect(looked).toBeLessThan(100);
  });

  it('lets the threshold grow with what is looked at', () => {
    // Arrange: the first item is the best.
    const values = Float32Array.from({ length: 40_000 }, (_, place) => 40_000 - place);
    const bounds = ItemBounds.of({ values, dimension: 1 }, 0)!;
    let best = Number.NEGATIVE_INFINITY;
    const looked: number[] = [];

    // Act
    bounds.visit(
      Float64Array.of(1),
      [],
      () => best,
      (item) => {
        looked.push(item);
        best = Math.max(best, values[item - 1]!);
      },
    );

    // Assess: those before it was asked for the first time, and those that int8 cannot tell from the best
    expect(looked[0]).toBe(1);
    expect(looked.length).toBeLessThan(1000);
  });

  it('says that what is not finite, or too large, is not bounded', () => {
    const of = (...values: number[]) =>
      ItemBounds.of({ values: Float32Array.from(values), dimension: 1 }, 1);
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 3e38]) {
      expect(of(1, wrong, 2)).toBeUndefined();
    }
    const never = () => {
      throw new Error('nothing is looked at');
    };
    const bounds = of(1, 1e30)!;
    for (const query of [Number.NaN, Number.POSITIVE_INFINITY, 1e30]) {
      expect(bounds.visit(Float64Array.of(query), [0], () => 0, never)).toBe(false);
    }
    bounds.setTerm(0, [1e30, 2]);
    expect(bounds.visit(Float64Array.of(1), [1e30], () => 0, never)).toBe(false);
  });
});
