import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';

/** What decides how much an interaction counts: parts of the configuration's section `interactions`. */
export type RewardRules = Pick<InteractionsConfig, 'eventRewards' | 'defaultReward'> &
  Partial<Pick<InteractionsConfig, 'reward'>>;

/**
 * The reward (0-1) of an interaction; what has reward 0 is not an action.
 *
 * That of its event type; where a rule says what the type's value means, a rating below `likedFrom` has 0, and an amount
 * `log(1 + value) / log(1 + full)` of it, at most all. Without a value, or a rule, the value does not count.
 */
export function rewardOf(
  { eventRewards, defaultReward, reward }: RewardRules,
  eventType: string | null,
  value: number | null,
): number {
  const isListed = eventType !== null && Object.hasOwn(eventRewards, eventType);
  const base = isListed ? eventRewards[eventType]! : defaultReward;
  const rule = reward && valueRule(reward, eventType);
  if (rule === undefined || value === null) return base;
  if (rule.as === 'rating') return value < rule.likedFrom ? 0 : base;
  return value <= 0 ? 0 : base * Math.min(1, Math.log1p(value) / Math.log1p(rule.full));
}

/** Whether an interaction is an action: it takes none back, and its reward is above 0. */
export const isAction = (
  rules: RewardRules,
  { event_type, value }: { readonly event_type: string | null; readonly value: number | null },
): boolean =>
  takenBackBy(rules, event_type) === undefined && rewardOf(rules, event_type, value) > 0;

/** What the value of an event type means; undefined when nothing says so. */
export function valueRule({ values }: InteractionsConfig['reward'], eventType: string | null) {
  if (eventType !== null && Object.hasOwn(values, eventType)) return values[eventType];
  return values['*'];
}

/** The event type of which an event type takes one back; undefined for one that takes nothing back. */
export function takenBackBy({ reward }: RewardRules, eventType: string | null): string | undefined {
  if (reward === undefined || eventType === null) return undefined;
  return Object.hasOwn(reward.takesBack, eventType) ? reward.takesBack[eventType] : undefined;
}
