import { describe, expect, it } from 'vitest';
import { createValueCounts, mergeValues } from '#lib/interactions/value-counts.ts';

/** What is found in these values, each with its event type. */
function found(...values: (readonly [type: string | null, value: number])[]) {
  const counts = createValueCounts();
  for (const [type, value] of values) counts.add(type, value);
  return counts.store();
}

const typed = (type: string, values: readonly number[]) =>
  values.map((value) => [type, value] as const);
const scale = (steps: number) => Array.from({ length: steps }, (_, step) => step / 2);

describe('Function: createValueCounts', () => {
  it('tells for each event type how many rows there are, from what to what, and which values', () => {
    const values = found(
      ['view', 3],
      ['buy', 10],
      [null, -1],
      ['buy', 9],
      ['buy', 100],
      ['buy', 9],
    );

    expect(Object.entries(values)).toEqual([
      ['*', { rows: 1, lowest: -1, highest: -1, distinct: [-1] }],
      ['buy', { rows: 4, lowest: 9, highest: 100, distinct: [9, 10, 100] }],
      ['view', { rows: 1, lowest: 3, highest: 3, distinct: [3] }],
    ]);
  });

  it('names the values of the longest scale, and none of a longer one, whatever follows', () => {
    expect(found(...typed('rate', [...scale(21), 3, 3])).rate!.distinct).toEqual(scale(21));
    expect(found(...typed('rate', [...scale(22), 3])).rate).toEqual({
      rows: 23,
      lowest: 0,
      highest: 10.5,
      distinct: null,
    });
  });

  it('counts the first fifty types, these to the end', () => {
    const types = Array.from({ length: 51 }, (_, at) => `type ${at}`);

    const values = found(...types.map((type) => [type, 1] as const), ['type 49', 2]);

    expect(Object.keys(values)).toEqual(types.slice(0, 50).sort());
    expect(values['type 49']!.rows).toBe(2);
  });
});

describe('Function: mergeValues', () => {
  it('finds in parts what is found in all of it, in the same order', () => {
    const parts = [
      [...typed('view', [3, 1]), ...typed('once', [-7])],
      [...typed('buy', [10])],
      [...typed('view', [2, 10, 2]), ...typed('buy', [9])],
    ];

    const merged = mergeValues(parts.map((part) => found(...part)));

    expect(Object.entries(merged)).toEqual(Object.entries(found(...parts.flat())));
  });

  it.each([
    ['on the longest scale, some of them in both', scale(15), scale(21).slice(10)],
    ['on a longer one together', scale(15), scale(22).slice(10)],
    ['on a longer one at first', scale(22), [3]],
    ['on a longer one at last', [3], scale(22)],
  ])('names the values as if they were one: %s', (_, first, second) => {
    const parts = [typed('rate', first), typed('rate', second)];

    expect(mergeValues(parts.map((part) => found(...part)))).toEqual(found(...parts.flat()));
  });
});
