import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { count, type Insight, number, when } from './insight.ts';
import type { MergedInteractions } from './merge.ts';
import { valueRule } from './rewards.ts';
import type { ValueTally } from './value-counts.ts';

export type RewardSettings = Pick<InteractionsConfig, 'eventRewards' | 'defaultReward' | 'reward'>;

/** Event types named in a remark. */
const NAMED = 10;

/** Remarks on what the interactions will count for. */
export function rewardInsights(
  { eventTypes, values }: MergedInteractions,
  { eventRewards, defaultReward, reward }: RewardSettings,
): Insight[] {
  const found = Object.keys(eventTypes);
  const configured = Object.keys(eventRewards);
  const takesBack = (type: string) => Object.hasOwn(reward.takesBack, type);
  const without = found.filter((type) => !Object.hasOwn(eventRewards, type) && !takesBack(type));
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
    ...Object.entries(values)
      .filter(([type]) => !takesBack(type) && valueRule(reward, type) === undefined)
      .flatMap(([type, tally]) => uncountedValue(type, tally)),
  ];
}

/** What a value may mean that no rule gives a meaning. */
function uncountedValue(type: string, { rows, lowest, highest, distinct }: ValueTally): Insight[] {
  const isRating =
    distinct !== null && distinct.length > 2 && lowest >= 0 && highest > 1 && highest <= 10;
  const rule = isRating
    ? { as: 'rating', likedFrom: Math.ceil(0.6 * highest) }
    : { as: 'amount', full: highest };
  const setting = JSON.stringify({ [type]: rule });
  const whose = type === '*' ? 'without an event type' : `of ${type}`;
  const looks = isRating
    ? 'a rating, but nothing reads it: the lowest counts as a like, too'
    : 'a quantity or price, but nothing reads it: all rows count alike';
  return when(
    lowest < highest && highest > 0,
    'value-not-counted',
    `The value ${whose} is ${number(lowest)} to ${number(highest)} in ${count(rows, 'row')}: it looks like ${looks}.`,
    `interactions.reward.values ${setting} would make it count, ${isRating ? 'as no like below that' : 'on a log scale, in full from there on'}; otherwise leave it out.`,
  );
}

const plain = (type: string) => type.toLowerCase().replaceAll(/[\s_-]/g, '');
