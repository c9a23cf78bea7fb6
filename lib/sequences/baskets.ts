import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import type { ActionTable } from './actions.ts';

/** From this share of actions on that share user and time with another one, they are baskets and not chance. */
const meaningfulShare = 0.2;

/** How many actions share their time with another one of the same user. */
export function sharedTimes({ timestamps, offsets }: Pick<ActionTable, 'timestamps' | 'offsets'>) {
  let shared = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    for (let at = offsets[user]!; at < offsets[user + 1]!; at++) {
      const isShared =
        (at > offsets[user]! && timestamps[at - 1] === timestamps[at]) ||
        (at + 1 < offsets[user + 1]! && timestamps[at + 1] === timestamps[at]);
      if (isShared) shared++;
    }
  }
  return shared;
}

/** Share (0-1) of the actions at whose time the same user took something else as well. */
export const basketShare = (shared: number, actions: number): number =>
  actions === 0 ? 0 : shared / actions;

/** Whether actions of one user with one timestamp are a basket: as configured, and with `auto` where many are. */
export function formBaskets(baskets: SequencesConfig['baskets'], share: number): boolean {
  return baskets === 'auto' ? share >= meaningfulShare : baskets === 'on';
}
