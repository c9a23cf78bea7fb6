import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { halfLives } from '#lib/contracts/half-lives.ts';
import { type AsOf, type CountedEvents, planCounting, sweepCounts } from '#lib/popularity/as-of.ts';
import { EventsFrom } from '#lib/popularity/counted-events.ts';
import { translateEvents } from '#lib/recommender/translate-cases.ts';
import {
  decodeEventBatches,
  encodeInteractionEvents,
  eventBatches,
  type InteractionEvents,
  sortEvents,
} from '#lib/sequences/interaction-events.ts';

const items = 4;
/** Half days, over as many years as make counts of short half-lives begin anew. */
const moment = fc.nat({ max: 1500 }).map((half) => half * 43_200 + 1_500_000_000);
const events: fc.Arbitrary<InteractionEvents> = fc
  .array(
    fc.record({
      item: fc.integer({ min: 1, max: items }),
      time: moment,
      isHeldOut: fc.nat({ max: 1 }),
    }),
    { maxLength: 40 },
  )
  .map((all) =>
    sortEvents({
      items: Int32Array.from(all, ({ item }) => item),
      times: Float64Array.from(all, ({ time }) => time),
      isHeldOut: Uint8Array.from(all, ({ isHeldOut }) => isHeldOut),
    }),
  );
const requests = fc
  .array(moment, { minLength: 1, maxLength: 8 })
  .map((all) => Float64Array.from(all));
const manner = fc.constantFrom<AsOf>('request', 'night', 'frozen');
const split = fc.constantFrom('global-time' as const, 'leave-one-out' as const);
const batchSize = fc.integer({ min: 1, max: 50 });

/** Every number that a request sees. */
function seen(
  all: CountedEvents,
  size: number,
  times: Float64Array,
  asOf: AsOf,
  of: 'global-time' | 'leave-one-out',
  which: readonly number[],
): number[][] {
  const found: number[][] = [];
  sweepCounts(planCounting(all, times, asOf, of), size, which, (request, counts, time) => {
    found[request] = which.flatMap((_, at) => {
      const { values, factor } = counts.at(at, time);
      return Array.from(values, (value) => value * factor);
    });
  });
  return found;
}

function readInBatches(
  all: InteractionEvents,
  size: number,
  ...rest: ConstructorParameters<typeof EventsFrom>
): CountedEvents {
  const from = new EventsFrom(...rest);
  const { slice } = eventBatches;
  for (let begin = 0; begin < all.items.length; begin += size) {
    from.add(slice(all, begin, begin + size));
  }
  return from.end();
}

describe('Class: EventsFrom', () => {
  it('changes no digit of what any request counts, whatever the batches, and keeps nothing that lies before all requests', () => {
    fc.assert(
      fc.property(
        events,
        requests,
        manner,
        split,
        batchSize,
        fc.subarray([...halfLives], { minLength: 1 }),
        (all, times, asOf, of, size, which) => {
          const first = Math.min(...times);
          const kept = readInBatches(all, size, items, { first, asOf, split: of });

          expect(seen(kept, items, times, asOf, of, which)).toStrictEqual(
            seen(all, items, times, asOf, of, which),
          );
          const earliest = asOf === 'night' ? first - (first % 86_400) : first;
          expect(kept.times.every((time) => time >= earliest)).toBe(true);
          if (asOf === 'frozen') expect(kept.times.length).toBe(0);
        },
      ),
    );
  });

  it('does so in the vocabulary of another night too, which has other items and another order', () => {
    fc.assert(
      fc.property(events, requests, batchSize, (all, times, size) => {
        const [own, others] = [
          ['a', 'b', 'c', 'd'],
          ['c', 'new', 'a', 'b', 'd'],
        ] as const;
        const first = Math.min(...times);
        const kept = readInBatches(all, size, items, {
          first,
          asOf: 'request',
          split: 'global-time',
        });
        const there = (some: CountedEvents) =>
          seen(
            translateEvents(some, own, others),
            others.length,
            times,
            'request',
            'global-time',
            halfLives,
          );

        expect(there(kept)).toStrictEqual(there(all));
      }),
    );
  });

  it('says which half-life has not been counted, and that another vocabulary cannot go on', () => {
    const kept = readInBatches(
      {
        items: Int32Array.of(1),
        times: Float64Array.of(5),
        isHeldOut: Uint8Array.of(0),
      },
      1,
      items,
      { first: 10, asOf: 'request', split: 'global-time' },
    );
    const times = Float64Array.of(10);

    expect(() => seen(kept, items, times, 'request', 'global-time', [7])).toThrow(
      'Nothing has been counted with a half-life of 7 s.',
    );
    expect(() => seen(kept, 5, times, 'request', 'global-time', [86_400])).toThrow(
      'Counts of 4 items cannot go on with 5.',
    );
  });
});

describe('Function: decodeEventBatches', () => {
  async function collect<T>(all: AsyncIterable<T>): Promise<T[]> {
    const collected: T[] = [];
    for await (const one of all) collected.push(one);
    return collected;
  }
  async function* cut(bytes: Uint8Array, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const long: InteractionEvents = {
    items: new Int32Array(eventBatches.size + 10).fill(1),
    times: Float64Array.from({ length: eventBatches.size + 10 }, (_, at) => at),
    isHeldOut: new Uint8Array(eventBatches.size + 10),
  };

  it('gives the events batch by batch, however the bytes come', async () => {
    const file = encodeInteractionEvents(long);

    const batches = await collect(decodeEventBatches(cut(file, 65_537)));

    expect(batches.map(({ items }) => items.length)).toEqual([eventBatches.size, 10]);
    expect(batches.flatMap(({ times }) => [...times])).toEqual([...long.times]);
  });

  it('says that a stream ends too early, or is none', async () => {
    const file = encodeInteractionEvents(long);

    await expect(collect(decodeEventBatches(cut(file.subarray(0, 100_000), 1000)))).rejects.toThrow(
      'the interaction events is not a readable Arrow IPC stream',
    );
    await expect(collect(decodeEventBatches(cut(new Uint8Array(), 10)))).rejects.toThrow(
      'it has no schema',
    );
  });

  it('notices that a batch begins before the one before it ended', async () => {
    const times = long.times.slice();
    times[eventBatches.size] = 3;

    await expect(
      collect(decodeEventBatches(cut(encodeInteractionEvents({ ...long, times }), 65_536))),
    ).rejects.toThrow(`3 comes after ${eventBatches.size - 1}; events must ascend`);
  });
});
