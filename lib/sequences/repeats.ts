import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import type { SequenceShard } from './shard.ts';

/**
 * From this share of repeated items on, a repeat may be right. Below it repeats are slips of a log in which an item is
 * taken once: ratings, courses, films seen.
 */
const meaningfulShare = 0.01;

/** How many training transitions there are, and in how many the next item occurs earlier in the same row. */
export interface Repeats {
  readonly repeats: number;
  readonly transitions: number;
}

export function countRepeats(shards: readonly SequenceShard[]): Repeats {
  let repeats = 0;
  let transitions = 0;
  for (const { offsets, items } of shards) {
    for (let row = 0; row + 1 < offsets.length; row++) {
      const own = items.subarray(offsets[row]!, offsets[row + 1]!);
      repeats += own.length - new Set(own).size;
      transitions += Math.max(0, own.length - 1);
    }
  }
  return { repeats, transitions };
}

/** Share (0-1) of training transitions whose next item occurs earlier in the same row. */
export const repeatShare = ({ repeats, transitions }: Repeats): number =>
  transitions === 0 ? 0 : repeats / transitions;

/** Whether lists leave the user's history out: as configured, and with `auto` where hardly anybody repeats an item. */
export function leavesHistoryOut(
  excludeHistory: SequencesConfig['excludeHistory'],
  share: number,
): boolean {
  return excludeHistory === 'auto' ? share < meaningfulShare : excludeHistory;
}
