import type { EvaluationCases } from '../evaluation-cases.ts';
import type { RecentHistories } from '../everybody.ts';
import type { InteractionEvents } from '../interaction-events.ts';
import type { SequenceShard } from '../shard.ts';

/* What several buckets have of one file, put together in the order of the buckets. */

export function joinShards(pieces: readonly SequenceShard[]): SequenceShard {
  return {
    users: pieces.flatMap(({ users }) => users),
    starts: Int32Array.from(pieces.flatMap(({ starts }) => [...starts])),
    offsets: joinOffsets(pieces.map(({ offsets }) => offsets)),
    items: joinInt32(pieces.map(({ items }) => items)),
    timestamps: joinFloat64(pieces.map(({ timestamps }) => timestamps)),
    rewards: Float32Array.from(joinFloat64(pieces.map(({ rewards }) => rewards))),
  };
}

export function joinHistories(pieces: readonly RecentHistories[]): RecentHistories {
  return {
    users: pieces.flatMap(({ users }) => users),
    offsets: joinOffsets(pieces.map(({ offsets }) => offsets)),
    items: joinInt32(pieces.map(({ items }) => items)),
    times: joinFloat64(pieces.map(({ times }) => times)),
    earlierOffsets: joinOffsets(pieces.map(({ earlierOffsets }) => earlierOffsets)),
    earlierItems: joinInt32(pieces.map(({ earlierItems }) => earlierItems)),
  };
}

/** How many requests there are in cases whose requests are numbered from 0. */
export const requestsOf = ({ requests }: EvaluationCases): number => (requests.at(-1) ?? -1) + 1;

/** The same cases, their requests numbered from `first` on. */
export const numberRequests = (cases: EvaluationCases, first: number): EvaluationCases => ({
  ...cases,
  requests: cases.requests.map((request) => first + request),
});

/** Cases one behind the other, their requests numbered as they are. */
export function joinCases(pieces: readonly EvaluationCases[]): EvaluationCases {
  return {
    users: pieces.flatMap(({ users }) => users),
    requests: joinInt32(pieces.map(({ requests }) => requests)),
    times: joinFloat64(pieces.map(({ times }) => times)),
    offsets: joinOffsets(pieces.map(({ offsets }) => offsets)),
    items: joinInt32(pieces.map(({ items }) => items)),
    historyTimes: joinFloat64(pieces.map(({ historyTimes }) => historyTimes)),
    earlierOffsets: joinOffsets(pieces.map(({ earlierOffsets }) => earlierOffsets)),
    earlierItems: joinInt32(pieces.map(({ earlierItems }) => earlierItems)),
    targets: joinInt32(pieces.map(({ targets }) => targets)),
    rewards: Float32Array.from(joinFloat64(pieces.map(({ rewards }) => rewards))),
    eventTypes: pieces.flatMap(({ eventTypes }) => eventTypes),
  };
}

/** Merges sorted events into one list in the order of the contract, two lists at a time. */
export function mergeEvents(pieces: readonly InteractionEvents[]): InteractionEvents {
  if (pieces.length <= 1) {
    return (
      pieces[0] ?? {
        items: new Int32Array(0),
        times: new Float64Array(0),
        isHeldOut: new Uint8Array(0),
      }
    );
  }
  const middle = pieces.length >>> 1;
  return mergeTwo(mergeEvents(pieces.slice(0, middle)), mergeEvents(pieces.slice(middle)));
}

function mergeTwo(a: InteractionEvents, b: InteractionEvents): InteractionEvents {
  const length = a.items.length + b.items.length;
  const merged = {
    items: new Int32Array(length),
    times: new Float64Array(length),
    isHeldOut: new Uint8Array(length),
  };
  let i = 0;
  let j = 0;
  for (let at = 0; at < length; at++) {
    const takesA = j === b.items.length || (i < a.items.length && isBefore(a, i, b, j));
    const from = takesA ? a : b;
    const place = takesA ? i++ : j++;
    merged.items[at] = from.items[place]!;
    merged.times[at] = from.times[place]!;
    merged.isHeldOut[at] = from.isHeldOut[place]!;
  }
  return merged;
}

function isBefore(a: InteractionEvents, i: number, b: InteractionEvents, j: number): boolean {
  const order =
    a.times[i]! - b.times[j]! || a.items[i]! - b.items[j]! || a.isHeldOut[i]! - b.isHeldOut[j]!;
  return order <= 0;
}

function joinOffsets(pieces: readonly Int32Array[]): Int32Array {
  const rows = pieces.reduce((sum, { length }) => sum + length - 1, 0);
  const joined = new Int32Array(rows + 1);
  let row = 0;
  for (const offsets of pieces) {
    const shift = joined[row]! - offsets[0]!;
    for (let at = 1; at < offsets.length; at++) joined[row + at] = offsets[at]! + shift;
    row += offsets.length - 1;
  }
  return joined;
}

function joinInt32(pieces: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

function joinFloat64(pieces: readonly (Float64Array | Float32Array)[]): Float64Array {
  const joined = new Float64Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
