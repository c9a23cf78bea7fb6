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

/** A held-out action: its place in the action table, and how many actions of the user belong to its history. */
interface HeldOut {
  readonly user: number;
  readonly at: number;
  readonly before: number;
  readonly request: number;
}

/**
 * The held-out actions of one part of a split, by user, then time. An action without any history before it is no case.
 */
export function cutCases(
  actions: ActionTable,
  split: Split,
  part: 'validation' | 'test',
  options: CaseOptions,
): EvaluationCases {
  const held = heldOut(actions, split, part, options.baskets);
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

function heldOut(
  actions: ActionTable,
  split: Split,
  part: 'validation' | 'test',
  baskets: boolean,
): HeldOut[] {
  const held: HeldOut[] = [];
  let requests = 0;
  for (let user = 0; user < actions.userIds.length; user++) {
    const first = actions.offsets[user]!;
    const isValidation = part === 'validation';
    const begin = isValidation ? split.trainEnds[user]! : split.validationEnds[user]!;
    const end = isValidation ? split.validationEnds[user]! : actions.offsets[user + 1]! - first;
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
