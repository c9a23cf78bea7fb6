import { describe, expect, it } from 'vitest';
import { prequential } from '#lib/contracts/keys.ts';
import { nightsUnpromoted, readNights } from '#lib/promotion/nights.ts';
import { prequentialNight } from '#lib/promotion/prequential.ts';
import { firstNight, nightOf } from './nights.ts';

/** A night in which the champion of that run was in service. */
const under = (n: number, run: string) => ({
  ...nightOf(n, 0),
  champion: { run, name: 'a', refitted: true },
});

describe('Function: nightsUnpromoted', () => {
  it.each([
    ['a promotion ends the count', [under(3, 'a'), under(2, 'a')], true, 0],
    ['the night after it counts as one', [under(3, 'b'), under(2, 'a'), under(1, 'a')], false, 1],
    ['each further one as one more', [under(3, 'a'), under(2, 'a'), under(1, 'a')], false, 3],
    ['nights before anybody was promoted count too', [firstNight(2), firstNight(1)], false, 2],
    ['no night is none', [], false, 0],
    ['somebody else before does not', [under(4, 'a'), under(3, 'b'), under(2, 'a')], false, 1],
  ])('%s', (_, nights, promoted, expected) => {
    expect(nightsUnpromoted(nights, promoted)).toBe(expected);
  });
});

describe('Function: readNights', () => {
  /** Nights by their numbers, each written so many days later than its number says. */
  const objectsOf = (numbers: readonly number[], delay = 0) => ({
    async *list(prefix: string) {
      for (const n of numbers) {
        const key = prequential.night(`night-${n}`);
        if (key.startsWith(prefix)) yield { key, lastModified: new Date(n * 86_400_000 + delay) };
      }
    },
    getJson: async (key: string) => nightOf(Number(/night-(\d+)/.exec(key)![1]), 0.1) as never,
  });
  const runsOf = async (numbers: readonly number[], except?: string) =>
    (await readNights(objectsOf(numbers), except)).map(({ run }) => run);

  it('gives all nights but the one that is left out, the newest first', async () => {
    expect(await runsOf([2, 1, 3])).toEqual(['night-3', 'night-2', 'night-1']);
    expect(await runsOf([2, 1, 3], 'night-3')).toEqual(['night-2', 'night-1']);
    expect(await runsOf([])).toEqual([]);
  });

  it('reads the newest 90 alone, as their contract says', async () => {
    const read: unknown[] = [];
    const objects = objectsOf(Array.from({ length: 95 }, (_, n) => n + 1));
    const getJson: typeof objects.getJson = (key, ...schema: unknown[]) => {
      read.push(...schema);
      return objects.getJson(key);
    };

    const nights = await readNights({ ...objects, getJson });

    expect(nights.map(({ run }) => run)).toEqual(
      Array.from({ length: 90 }, (_, at) => `night-${95 - at}`),
    );
    expect(read).toEqual(Array.from({ length: 90 }, () => prequentialNight));
  });
});
