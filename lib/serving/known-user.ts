import type { AllItems, RecentHistories } from '#lib/sequences/everybody.ts';
import { type StoredUser, userAt } from '#lib/sequences/user-store.ts';
import type { Asked } from './recommendation.ts';

/** What a night knows of one user, in item ids. */
export type KnownUser = Asked & Required<Pick<Asked, 'earlier' | 'historyTimes'>>;

/** What is asked for somebody whom a night has met. */
export const askedOf = ({ items, timestamps, earlier }: StoredUser): KnownUser => ({
  history: items,
  historyTimes: timestamps,
  earlier,
});

/** What the row of a user says. */
export const knownUser = (histories: RecentHistories, row: number, items: AllItems): KnownUser =>
  askedOf(userAt(histories, row, items));
