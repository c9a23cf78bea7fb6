import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mapAhead, mapConcurrently } from '#functions/shared/concurrently.ts';

const values = Array.from({ length: 100 }, (_, i) => i);

/** A request that says how many are under way, and ends later the smaller its value. */
function requests() {
  let underWay = 0;
  let most = 0;
  const request = async (value: number): Promise<number> => {
    most = Math.max(most, ++underWay);
    for (let turn = value % 7; turn < 7; turn++) await setImmediate();
    underWay--;
    return value * 2;
  };
  return { request, most: () => most };
}

describe('Functions: mapConcurrently, mapAhead', () => {
  it('give all results in order, a few requests at a time', async () => {
    const [all, ahead] = [requests(), requests()];

    const results = await mapConcurrently(values, all.request);
    const asTheyCome: number[] = [];
    for await (const result of mapAhead(values, ahead.request)) asTheyCome.push(result);

    expect(results).toStrictEqual(values.map((value) => value * 2));
    expect(asTheyCome).toStrictEqual(results);
    expect([all.most(), ahead.most()]).toStrictEqual([32, 32]);
  });

  it('ask for no more than are under way before somebody takes a result', async () => {
    const { request } = requests();
    const asked: number[] = [];
    const results = mapAhead(values, (value) => {
      asked.push(value);
      return request(value);
    });

    await results.next();
    await results.return(undefined);

    expect(asked).toHaveLength(32);
  });

  it('ask for as few as is said where results are large', async () => {
    const few = requests();
    const results: number[] = [];

    for await (const result of mapAhead(values, few.request, 3)) results.push(result);

    expect(results).toStrictEqual(values.map((value) => value * 2));
    expect(few.most()).toBe(3);
  });

  it('fail with the first that failed', async () => {
    const fail = async (value: number): Promise<number> => {
      if (value >= 40) throw new Error(`value ${value}`);
      return value;
    };
    const got: number[] = [];
    const reading = (async () => {
      for await (const value of mapAhead(values, fail)) got.push(value);
    })();

    await expect(reading).rejects.toThrow('value 40');
    expect(got).toHaveLength(40);
  });
});
