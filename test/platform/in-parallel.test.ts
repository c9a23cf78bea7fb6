import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inParallel } from '#platform/in-parallel.ts';

const items = Array.from({ length: 20 }, (_, item) => item);

describe('Function: inParallel', () => {
  it('gives what came of each in the order of the items, as many at a time as is said', async () => {
    let underWay = 0;
    let most = 0;

    const results = await inParallel(items, 3, async (item) => {
      most = Math.max(most, ++underWay);
      for (let turn = item % 5; turn < 5; turn++) await setImmediate();
      underWay--;
      return item * 2;
    });

    expect(results).toEqual(items.map((item) => item * 2));
    expect(most).toBe(3);
  });

  it('begins nothing after a failure, and throws the first once all that was begun has ended', async () => {
    const begun: number[] = [];
    const ended: number[] = [];

    const working = inParallel(items, 3, async (item) => {
      begun.push(item);
      if (item === 4) throw new Error('first');
      for (let turn = 0; turn < 5; turn++) await setImmediate();
      if (item === 3) throw new Error('later');
      ended.push(item);
    });

    await expect(working).rejects.toThrow('first');
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    expect(ended).toEqual([0, 1, 2]);
  });

  it('has nothing to do with nothing', async () => {
    expect(await inParallel([], 3, () => Promise.reject(new Error('begun')))).toEqual([]);
  });
});
