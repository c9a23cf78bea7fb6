import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import type { InteractionEvents } from '#lib/sequences/interaction-events.ts';
import { DecayedCounts } from './decayed-counts.ts';

/**
 * When counts are read for a request. `request`: all that happened before the request itself, as serving does that
 * reads fresh counts. `night`: all that happened before the last midnight (UTC) before it, as counts that a night
 * leaves behind. `frozen`: the training actions alone, as they were at the last of them.
 */
export type AsOf = 'request' | 'night' | 'frozen';

/** Actions that are counted one by one, and what had been counted before the first of them. */
export interface CountedEvents extends InteractionEvents {
  readonly before?: DecayedCounts | undefined;
}

/** What may be counted for requests, and up to when for each. */
export interface CountingPlan {
  readonly events: CountedEvents;
  /** Actions before this time count, Unix seconds, `[requests]`. */
  readonly times: Float64Array;
}

/**
 * Says what is counted for requests.
 *
 * In a split by time, held-out actions count for requests after them, because production would have seen them: a
 * request's own time is never counted, nor is anything later. In other splits an action of one user may be held out
 * while the model is judged on earlier actions of others, so held-out actions never count.
 *
 * @param times when each request was made, Unix seconds, `[requests]`
 */
export function planCounting(
  events: CountedEvents,
  times: Float64Array,
  asOf: AsOf,
  split: SequencesConfig['split'],
): CountingPlan {
  if (asOf === 'frozen') {
    const known = withoutHeldOut(events);
    // Just after the last training action, which counts.
    const last = known.times.at(-1) ?? known.before?.newest ?? Number.NEGATIVE_INFINITY;
    const end = Number.isFinite(last) ? last + 1 : 0;
    return { events: known, times: new Float64Array(times.length).fill(end) };
  }
  return {
    events: split === 'global-time' ? events : withoutHeldOut(events),
    times: asOf === 'night' ? times.map(midnightBefore) : times,
  };
}

/**
 * Visits requests in the order of the times for which they are counted (then their own), with the counts of all actions
 * before that time.
 *
 * @param halfLives seconds, see `DecayedCounts`
 * @param visit gets the request's index and the counts, which it may only read and not keep
 * @param requests which requests to visit, all by default
 */
export function sweepCounts(
  { events, times }: CountingPlan,
  items: number,
  halfLives: readonly number[],
  visit: (request: number, counts: DecayedCounts, time: number) => void,
  requests: Int32Array = Int32Array.from(times.keys()),
): void {
  const counts = events.before?.goingOn(items, halfLives) ?? new DecayedCounts(items, halfLives);
  const order = requests.slice().sort((a, b) => times[a]! - times[b]! || a - b);
  let next = 0;
  for (const request of order) {
    const time = times[request]!;
    for (; next < events.times.length && events.times[next]! < time; next++) {
      counts.add(events.items[next]!, events.times[next]!);
    }
    visit(request, counts, time);
  }
}

/** The last midnight, UTC, up to a time. Unix seconds. */
export const midnightBefore = (time: number): number => Math.floor(time / 86_400) * 86_400;

/** What was counted before has none, see `EventsFrom`. */
function withoutHeldOut({ items, times, isHeldOut, ...rest }: CountedEvents): CountedEvents {
  return {
    ...rest,
    items: items.filter((_, at) => isHeldOut[at] === 0),
    times: times.filter((_, at) => isHeldOut[at] === 0),
    isHeldOut: isHeldOut.filter((held) => held === 0),
  };
}
