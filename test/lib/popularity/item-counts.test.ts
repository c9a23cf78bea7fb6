import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { halfLives } from '#lib/contracts/half-lives.ts';
import { DecayedCounts } from '#lib/popularity/decayed-counts.ts';
import {
  addCounts,
  countActions,
  decodeItemCounts,
  encodeItemCounts,
  type ItemCounts,
  newestOf,
} from '#lib/popularity/item-counts.ts';

const day = 86_400;
const start = 1_700_000_000;
const actions = fc.array(
  fc.record({
    item: fc.constantFrom('a', 'b', 'c'),
    time: fc.integer({ min: start, max: start + 40 * day }),
  }),
  { maxLength: 30 },
);

function expectAlike(found: ItemCounts, expected: ItemCounts): void {
  expect(found.asOf).toBe(expected.asOf);
  expect([...found.counts.keys()].toSorted()).toEqual([...expected.counts.keys()].toSorted());
  for (const [item, values] of expected.counts) {
    values.forEach((value, which) => {
      expect(found.counts.get(item)![which]!).toBeCloseTo(value, 4);
    });
  }
}

describe('Function: countActions', () => {
  it('counts as decayed counts do', () => {
    fc.assert(
      fc.property(actions, (some) => {
        // Arrange
        const asOf = start + 41 * day;
        const reference = new DecayedCounts(3, halfLives);
        for (const { item, time } of some.toSorted((a, b) => a.time - b.time)) {
          reference.add('abc'.indexOf(item) + 1, time);
        }

        // Act
        const { counts } = countActions(some, asOf);

        // Assess
        for (const [item, values] of counts) {
          values.forEach((value, which) => {
            const { values: scaled, factor } = reference.at(which, asOf);
            expect(value).toBeCloseTo(scaled['abc'.indexOf(item) + 1]! * factor, 9);
          });
        }
      }),
    );
  });

  it('takes an action of the future for one of now', () => {
    const { counts } = countActions([{ item: 'a', time: start + day }], start);
    expect([...counts.get('a')!]).toEqual(halfLives.map(() => 1));
  });
});

describe('Function: addCounts', () => {
  it('gives the same whatever is added to what, and the same as counting all at once', () => {
    fc.assert(
      fc.property(actions, actions, fc.nat({ max: 5 * day }), (first, second, later) => {
        // Arrange
        const asOf = start + 41 * day;
        const a = countActions(first, asOf);
        const b = countActions(second, asOf + later);

        // Act and assess
        const all = countActions([...first, ...second], asOf + later);
        expectAlike(addCounts(a, b), all);
        expectAlike(addCounts(b, a), all);
      }),
    );
  });
});

describe('Functions: encodeItemCounts, decodeItemCounts', () => {
  it('read what was written', () => {
    fc.assert(
      fc.property(actions, (some) => {
        const counts = countActions(some, start + 41 * day);
        expectAlike(decodeItemCounts(JSON.parse(JSON.stringify(encodeItemCounts(counts)))), counts);
      }),
    );
  });

  it.each([
    ['half-lives', { halfLives: [1, null] }],
    ['size', { items: ['a', 'b'] }],
  ])('refuse another %s', (_, change) => {
    const file = encodeItemCounts(countActions([{ item: 'a', time: start }], start));
    expect(() => decodeItemCounts({ ...file, ...change })).toThrow(ContractError);
  });
});

describe('Function: newestOf', () => {
  it('is the time of the newest action, but none in the future', () => {
    expect(newestOf([start, start + day, start - day], start + 2 * day)).toBe(start + day);
    expect(newestOf([start, start + 9 * day], start + 2 * day)).toBe(start + 2 * day);
    expect(newestOf([], start)).toBe(0);
  });
});
