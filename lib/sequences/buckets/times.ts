import { type DividedTimes, divideTimes } from '../limits.ts';
import type { RankQuery } from '../split.ts';

/*
 * Times of all actions are sorted bucket by bucket. How many there are in each hour says in which hours the times that a
 * split cuts at are; only those hours are read then.
 */

const hour = 3600;

/** Times of a bucket, sorted, and how many there are in each of its hours. */
export interface SortedTimes {
  /** Unix seconds, ascending. */
  readonly times: Float64Array;
  /** Hours since 1970 with at least one, ascending, and how many each has. */
  readonly hours: readonly number[];
  readonly counts: readonly number[];
}

export function sortTimes(timestamps: Float64Array): SortedTimes {
  const times = timestamps.slice().sort();
  return { times, ...hoursOf(times) };
}

/** How many times there are in each hour. @param times ascending */
export function hoursOf(times: Float64Array): Pick<SortedTimes, 'hours' | 'counts'> {
  const hours: number[] = [];
  const counts: number[] = [];
  for (const time of times) {
    const own = Math.floor(time / hour);
    if (hours.at(-1) !== own) {
      hours.push(own);
      counts.push(0);
    }
    counts[counts.length - 1]!++;
  }
  return { hours, counts };
}

/** Rows of each bucket, `[begin, end)`. */
export type TimeSlice = readonly (readonly [number, number])[];

/**
 * Cuts the rows of all buckets, each in order of time, into slices that follow each other in time.
 *
 * @param most rows of a slice, unless one hour has more
 */
export function* sliceByTime(
  buckets: readonly Pick<SortedTimes, 'hours' | 'counts'>[],
  most: number,
): Generator<TimeSlice> {
  const all = [...new Set(buckets.flatMap(({ hours }) => hours))].sort((a, b) => a - b);
  const places = buckets.map(() => 0); // the next hour of each bucket
  const ends = buckets.map(() => 0);
  let begins = [...ends];
  let rows = 0;
  for (const own of all) {
    const counts = buckets.map(({ hours, counts }, bucket) =>
      hours[places[bucket]!] === own ? counts[places[bucket]!++]! : 0,
    );
    const more = counts.reduce((sum, count) => sum + count, 0);
    if (rows > 0 && rows + more > most) {
      yield begins.map((begin, bucket) => [begin, ends[bucket]!] as const);
      begins = [...ends];
      rows = 0;
    }
    for (const [bucket, count] of counts.entries()) ends[bucket]! += count;
    rows += more;
  }
  if (rows > 0) yield begins.map((begin, bucket) => [begin, ends[bucket]!] as const);
}

/** Reads times `[begin, end)` of a bucket's sorted ones. */
export type ReadTimes = (bucket: number, begin: number, end: number) => Promise<Float64Array>;

/** How the times of all buckets together divide them. */
export async function divideTimesOfBuckets(
  buckets: readonly Pick<SortedTimes, 'hours' | 'counts'>[],
  read: ReadTimes,
  limits: Parameters<typeof divideTimes>[1],
): Promise<DividedTimes> {
  const totals = new Map<number, number>();
  for (const { hours, counts } of buckets) {
    for (const [at, own] of hours.entries()) {
      totals.set(own, (totals.get(own) ?? 0) + counts[at]!);
    }
  }
  const hours = [...totals.keys()].sort((a, b) => a - b);
  const begins: number[] = []; // rank of the first time of each hour
  let length = 0;
  for (const own of hours) {
    begins.push(length);
    length += totals.get(own)!;
  }
  const known = new Map<number, Float64Array>();
  const timesOf = async (own: number) => {
    const sorted = known.get(own) ?? (await timesOfHour(buckets, own, read));
    known.set(own, sorted);
    return sorted;
  };
  const answer = async (query: RankQuery): Promise<number> => {
    if ('at' in query) {
      const which = begins.findLastIndex((begin) => begin <= query.at);
      return (await timesOf(hours[which]!))[query.at - begins[which]!]!;
    }
    const own = Math.floor(query.upTo / hour);
    const which = hours.findLastIndex((other) => other <= own);
    if (which === -1) return 0;
    const before = begins[which]!;
    if (hours[which]! < own) return before + totals.get(hours[which]!)!;
    return before + (await timesOf(own)).filter((time) => time <= query.upTo).length;
  };
  const queries = divideTimes(length, limits);
  let step = queries.next();
  while (!step.done) step = queries.next(await answer(step.value));
  return step.value;
}

async function timesOfHour(
  buckets: readonly Pick<SortedTimes, 'hours' | 'counts'>[],
  own: number,
  read: ReadTimes,
): Promise<Float64Array> {
  const parts: Float64Array[] = [];
  for (const [bucket, { hours, counts }] of buckets.entries()) {
    const which = hours.indexOf(own);
    if (which === -1) continue;
    const begin = counts.slice(0, which).reduce((sum, count) => sum + count, 0);
    parts.push(await read(bucket, begin, begin + counts[which]!));
  }
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}
