import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Shortlist } from '#lib/evaluation/shortlist.ts';

const scores = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 30 });

describe('Class: Shortlist', () => {
  it('keeps the highest scores, highest first, of equal ones those that came first', () => {
    fc.assert(
      fc.property(scores, scores, fc.integer({ min: 1, max: 8 }), (before, own, size) => {
        const list = new Shortlist(size);
        before.forEach((score, at) => {
          list.offer(at + 1, score);
        });
        list.clear();

        own.forEach((score, at) => {
          list.offer(at + 1, score);
        });

        const sorted = own
          .map((score, at) => ({ item: at + 1, score }))
          .toSorted((a, b) => b.score - a.score || a.item - b.item);
        const best = sorted.slice(0, size).map(({ item }) => item);
        expect([...list.items]).toEqual([...best, ...new Array(size - best.length).fill(0)]);
        expect(list.least).toBe(sorted[size - 1]?.score ?? Number.NEGATIVE_INFINITY);
      }),
    );
  });

  it('lets what is no number push nothing out', () => {
    const list = new Shortlist(2);
    for (const [item, score] of [1, 5, Number.NaN].entries()) list.offer(item + 1, score);

    expect([...list.items]).toEqual([2, 1]);
  });
});
