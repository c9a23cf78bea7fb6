import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import type { Histories } from './histories.ts';
import type { InteractionLog } from './interaction-log.ts';

/** From this share of actions on that share user and time with another one, they are baskets and not chance. */
const meaningfulShare = 0.2;

/** Share (0-1) of the actions at whose time the same user took something else as well. */
export function basketShare({ timestamps }: InteractionLog, { offsets, rows }: Histories): number {
  let shared = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    for (let at = offsets[user]!; at < offsets[user + 1]!; at++) {
      const time = timestamps[rows[at]!]!;
      const isShared =
        (at > offsets[user]! && timestamps[rows[at - 1]!] === time) ||
        (at + 1 < offsets[user + 1]! && timestamps[rows[at + 1]!] === time);
      if (isShared) shared++;
    }
  }
  return rows.length === 0 ? 0 : shared / rows.length;
}

/** Whether actions of one user with one timestamp are a basket: as configured, and with `auto` where many are. */
export function formBaskets(baskets: SequencesConfig['baskets'], share: number): boolean {
  return baskets === 'auto' ? share >= meaningfulShare : baskets === 'on';
}
