import type { ActionTable } from './actions.ts';
import type { EvaluationCases } from './evaluation-cases.ts';
import type { Split } from './split.ts';

/** How cases are cut. */
export interface CaseOptions {
  /** Longest history, in items. */
  readonly window: number;
  /** Lists leave the history out, so that a case needs all of it. */
  readonly excludeHistory: boolean;
  /** Actions of one user with the same timestamp are one basket, predicted together from what came before. */
  readonly baskets: boolean;
}

/** A part of a split that is judged on. */
export type HeldOutPart = 'validation' | 'test';

/** A held-out action: its place in the action table, and how many actions of the user belong to its history. */
interface HeldOut {
  readonly user: number;
  readonly at: number;
  readonly before: number;
  readonly request: number;
}

/**
 * The held-out actions of one part of a split, by user, then time. An action without any history before it is no case.
 *
 * @param isTaken whose cases are cut
 */
export function cutCases(
  actions: ActionTable,
  split: Split,
  part: HeldOutPart,
  options: CaseOptions,
  isTaken: (user: string) => boolean = () => true,
): EvaluationCases {
  const held = heldOut(actions, split, part, options.baskets, isTaken);
  const offsets = new Int32Array(held.length + 1); // [cases + 1]
  held.forEach(({ before }, index) => {
    offsets[index + 1] = offsets[index]! + Math.min(before, options.window);
  });
  const items = new Int32Array(offsets[held.length]!);
  const historyTimes = new Float64Array(items.length);
  const earlierOffsets = new Int32Array(held.length + 1); // [cases + 1]
  const earlier: number[] = [];
  held.forEach(({ user, before }, index) => {
    const first = actions.offsets[user]!;
    const end = first + before;
    const begin = end - (offsets[index + 1]! - offsets[index]!);
    items.set(actions.items.subarray(begin, end), offsets[index]!);
    historyTimes.set(actions.timestamps.subarray(begin, end), offsets[index]!);
    if (options.excludeHistory && begin > first) {
      const inWindow = actions.items.subarray(begin, end);
      for (const item of itemsOutside(actions.items.subarray(first, begin), inWindow)) {
        earlier.push(item);
      }
    }
    earlierOffsets[index + 1] = earlier.length;
  });
  return {
    users: held.map(({ user }) => actions.userIds[user]!),
    requests: Int32Array.from(held, ({ request }) => request),
    times: Float64Array.from(held, ({ at }) => actions.timestamps[at]!),
    offsets,
    items,
    historyTimes,
    earlierOffsets,
    earlierItems: Int32Array.from(earlier),
    targets: Int32Array.from(held, ({ at }) => actions.items[at]!),
    rewards: Float32Array.from(held, ({ at }) => actions.rewards[at]!),
    eventTypes: held.map(({ at }) => actions.eventTypes[actions.events[at]!]!),
  };
}

/** How many cases of a part a user has. */
export function countUserCases(
  actions: ActionTable,
  split: Split,
  part: HeldOutPart,
  baskets: boolean,
  user: number,
): number {
  const [begin, end] = placesOf(actions, split, part, user);
  if (begin > 0 || begin === end) return end - begin;
  // Nothing comes before the first action, or basket.
  const times = actions.timestamps.subarray(actions.offsets[user]!, actions.offsets[user]! + end);
  let first = 1;
  while (baskets && first < end && times[first] === times[first - 1]) first++;
  return end - first;
}

/** The places of a user's actions that are in a part, `[begin, end)`. */
function placesOf(
  { offsets }: ActionTable,
  { trainEnds, validationEnds }: Split,
  part: HeldOutPart,
  user: number,
): readonly [number, number] {
  if (part === 'validation') return [trainEnds[user]!, validationEnds[user]!];
  return [validationEnds[user]!, offsets[user + 1]! - offsets[user]!];
}

function heldOut(
  actions: ActionTable,
  split: Split,
  part: HeldOutPart,
  baskets: boolean,
  isTaken: (user: string) => boolean,
): HeldOut[] {
  const held: HeldOut[] = [];
  let requests = 0;
  for (let user = 0; user < actions.userIds.length; user++) {
    if (!isTaken(actions.userIds[user]!)) continue;
    const first = actions.offsets[user]!;
    const [begin, end] = placesOf(actions, split, part, user);
    let before = begin;
    for (let position = begin; position < end; position++) {
      const at = first + position;
      const continues =
        baskets && position > begin && actions.timestamps[at] === actions.timestamps[at - 1];
      if (!continues) before = position;
      if (before === 0) continue;
      if (!continues) requests++;
      held.push({ user, at, before, request: requests - 1 });
    }
  }
  return held;
}

/** Items of `earlier` that are not among `later`, each once, ascending. */
function itemsOutside(earlier: Int32Array, later: Int32Array): number[] {
  const inside = new Set(later);
  return [...new Set(earlier)].filter((item) => !inside.has(item)).sort((a, b) => a - b);
}
