import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AsOf, planCounting, sweepCounts } from '#lib/popularity/as-of.ts';
import { type InteractionEvents, sortEvents } from '#lib/sequences/interaction-events.ts';

const day = 86_400;

const events: fc.Arbitrary<InteractionEvents> = fc
  .array(
    fc.record({
      item: fc.integer({ min: 1, max: 3 }),
      time: fc.nat({ max: 12 }).map((quarter) => (quarter * day) / 4),
      isHeldOut: fc.nat({ max: 1 }),
    }),
    { maxLength: 30 },
  )
  .map((all) =>
    sortEvents({
      items: Int32Array.from(all, ({ item }) => item),
      times: Float64Array.from(all, ({ time }) => time),
      isHeldOut: Uint8Array.from(all, ({ isHeldOut }) => isHeldOut),
    }),
  );
const times = fc
  .array(
    fc.nat({ max: 12 }).map((quarter) => (quarter * day) / 4),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) => Float64Array.from(all));

/** How often item 1 was taken before each request, counted by hand. */
function plainCounts(
  { items, times, isHeldOut }: InteractionEvents,
  requests: Float64Array,
  counts: (request: number, event: number, held: boolean) => boolean,
): number[] {
  return Array.from(
    requests,
    (request) =>
      items.filter((item, at) => item === 1 && counts(request, times[at]!, isHeldOut[at] === 1))
        .length,
  );
}

/** The same as it is counted. */
function swept(
  all: InteractionEvents,
  requests: Float64Array,
  asOf: AsOf,
  split: 'global-time' | 'leave-one-out',
): number[] {
  const found: number[] = [];
  const plan = planCounting(all, requests, asOf, split);
  sweepCounts(plan, 3, [Number.POSITIVE_INFINITY], (request, counts, time) => {
    found[request] = counts.at(0, time).values[1]!;
  });
  return found;
}

describe('Functions: planCounting, sweepCounts', () => {
  it('as of the request, counts what happened before it and nothing at its own time', () => {
    fc.assert(
      fc.property(events, times, (all, requests) => {
        expect(swept(all, requests, 'request', 'global-time')).toEqual(
          plainCounts(all, requests, (request, event) => event < request),
        );
      }),
    );
  });

  it('as of the night, counts what happened before the last midnight', () => {
    fc.assert(
      fc.property(events, times, (all, requests) => {
        expect(swept(all, requests, 'night', 'global-time')).toEqual(
          plainCounts(
            all,
            requests,
            (request, event) => event < Math.floor(request / day) * day && event < request,
          ),
        );
      }),
    );
  });

  it('in a split that is not by time, never counts what is held out', () => {
    fc.assert(
      fc.property(events, times, (all, requests) => {
        expect(swept(all, requests, 'request', 'leave-one-out')).toEqual(
          plainCounts(all, requests, (request, event, held) => !held && event < request),
        );
      }),
    );
  });

  it('frozen, counts all training actions and nothing else, for every request alike', () => {
    fc.assert(
      fc.property(events, times, (all, requests) => {
        expect(swept(all, requests, 'frozen', 'global-time')).toEqual(
          plainCounts(all, requests, (_request, _event, held) => !held),
        );
      }),
    );
  });
});
