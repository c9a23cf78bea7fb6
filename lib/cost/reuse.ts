import type { DataCounts } from './data-counts.ts';
import type { Range } from './prices.ts';
import { exactly } from './range.ts';
import { usersOf } from './work.ts';

/** What a night takes from the nights before it. */
export interface NightReuse {
  /** Share (0-1) of the interactions that have been uploaded since the last night. */
  readonly newShare: number;
  /** The environment has been fitted before. */
  readonly environmentIsFitted: boolean;
  /** Share (0-1) of the transitions that the environment is asked about; the others' answers are kept. */
  readonly asked: Range;
  /** Trainings may begin from weights of an earlier night. */
  readonly beginsWarm: boolean;
}

/** Nothing came before it. */
export const firstNight: NightReuse = {
  newShare: 1,
  environmentIsFitted: false,
  asked: exactly(1),
  beginsWarm: false,
};

/**
 * Share of the transitions that are asked about again where the environment and its answers are kept: those of the rows that
 * have changed. A new action moves all rows of its user, so at worst, and as is expected here, each is another user's; at best
 * all are of new users.
 */
export function changedShare(newShare: number, counts: DataCounts): Range {
  const ofUser = counts.transitions / Math.max(1, usersOf(counts));
  const worst = Math.min(1, newShare * Math.max(1, ofUser));
  return { low: Math.min(newShare, worst), expected: worst, high: worst };
}
