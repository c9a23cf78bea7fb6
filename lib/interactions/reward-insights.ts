import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { count, type Insight, number, when } from './insight.ts';
import type { MergedInteractions } from './merge.ts';

/** Event types named in a remark. */
const NAMED = 10;

/** Remarks on what the interactions will count for. */
export function rewardInsights(
  { eventTypes }: MergedInteractions,
  { eventRewards, defaultReward }: Pick<InteractionsConfig, 'eventRewards' | 'defaultReward'>,
): Insight[] {
  const found = Object.keys(eventTypes);
  const configured = Object.keys(eventRewards);
  const without = found.filter((type) => !Object.hasOwn(eventRewards, type));
  const unused = configured.filter((type) => !Object.hasOwn(eventTypes, type));
  const list = (types: readonly string[]) => {
    const named = types.toSorted((a, b) => (eventTypes[b] ?? 0) - (eventTypes[a] ?? 0));
    const shown = named
      .slice(0, NAMED)
      .map((type) => `${type} (${count(eventTypes[type] ?? 0, 'row')})`);
    const more = named.length > NAMED ? ` and ${number(named.length - NAMED)} more` : '';
    return shown.join(', ') + more;
  };
  const similar = unused.flatMap((type) =>
    without.filter((other) => plain(other) === plain(type)).map((other) => `${other} and ${type}`),
  );
  const hint = similar.length > 0 ? ` Perhaps the same: ${similar.join(', ')}.` : '';
  return [
    ...when(
      without.length > 0 && (configured.length > 0 || found.length > 1),
      'event-types-without-reward',
      `Event types without a reward of their own, which count for interactions.defaultReward (${number(defaultReward)}): ${list(without)}.${hint}`,
      'Give them rewards in interactions.eventRewards, 0 for those that are no success.',
    ),
    ...when(
      unused.length > 0,
      'rewards-without-event-type',
      `interactions.eventRewards has rewards for event types that no row of the upload has: ${unused.join(', ')}.${hint}`,
      'Nothing to do if other uploads have them; otherwise check the spelling.',
    ),
  ];
}

const plain = (type: string) =>
  type
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '');
