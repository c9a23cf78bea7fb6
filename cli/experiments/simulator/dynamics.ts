import type { RandomStream } from '#lib/recommender/random.ts';
import { clip, type UserState, type World } from './world.ts';

/** Base rewards of the events, in the manner of SNQN and SA2C (arXiv 2111.03474): click 0.2, purchase 1. */
export const eventRewards = { click: 0.2, purchase: 1 } as const;

/** What came of a list. */
export interface Response {
  /** Place in the list; -1 if nothing was taken. */
  readonly place: number;
  readonly event: keyof typeof eventRewards | undefined;
  readonly reward: number;
}

/** What a session lost at least with every request, so that it ends. */
const leastCost = 0.1;

/**
 * What an item tempts a user with, shown now:
 * `v(i) = interestWeight u[topic] + appeal_i - satiationWeight s[topic] - fatigueWeight n_i`, `n_i` how often he took it.
 */
export function utility({ settings, topics, appeal }: World, user: UserState, item: number) {
  const topic = topics[item]!;
  return (
    settings.interestWeight * user.interests[topic]! +
    appeal[item]! -
    settings.satiationWeight * user.satiation[topic]! -
    settings.fatigueWeight * (user.taken.get(item) ?? 0)
  );
}

/**
 * What a user has of an item, -1 to 1: `S(i) = (1 - qualityWeight) u[topic] + qualityWeight q_i` (SlateQ, arXiv
 * 1905.12767, section 6: a convex combination of interest and quality).
 */
export function satisfaction({ settings, topics, quality }: World, user: UserState, item: number) {
  const weight = settings.qualityWeight;
  return clip((1 - weight) * user.interests[topics[item]!]! + weight * quality[item]!);
}

/**
 * Chance that an item which was taken is bought: `sigmoid(purchaseSlope (u[topic] - purchaseAt))`. Interest sells, whatever
 * the quality is, which shows later: a good seller may be a bad recommendation.
 */
export function purchaseChance({ settings, topics }: World, user: UserState, item: number): number {
  const { purchaseSlope, purchaseAt } = settings;
  return sigmoid(purchaseSlope * (user.interests[topics[item]!]! - purchaseAt));
}

/** Expected reward of an item which is taken. */
export const expectedReward = (world: World, user: UserState, item: number) =>
  eventRewards.click +
  (eventRewards.purchase - eventRewards.click) * purchaseChance(world, user, item);

/**
 * Patience that an action costs: `max(0.1, 1 - patienceBonus S(i))`, the budget of RecSim's interest evolution (arXiv
 * 1909.04847), of which satisfaction gives a part back.
 */
export const costOf = ({ settings }: World, satisfied: number) =>
  Math.max(leastCost, 1 - settings.patienceBonus * satisfied);

/**
 * One of the list or nothing: multinomial logit with no-choice, `P(i) = e^v(i) / (e^nothing + sum_j e^v(j))` (RecSim's
 * choice model).
 *
 * @param draw uniform in [0, 1)
 * @returns place in the list, or -1
 */
export function choose(world: World, user: UserState, slate: Int32Array, draw: number): number {
  const weights = Float64Array.from(slate, (item) => Math.exp(utility(world, user, item)));
  const all = weights.reduce((sum, weight) => sum + weight, Math.exp(world.settings.nothing));
  let left = draw * all;
  for (let place = 0; place < weights.length; place++) {
    left -= weights[place]!;
    if (left < 0) return place;
  }
  return -1;
}

/** Chance that an item is taken which is offered by itself. */
export const takeChance = (world: World, user: UserState, item: number) =>
  sigmoid(utility(world, user, item) - world.settings.nothing);

/**
 * Shows a list: what is taken, what that changes, how much patience is left. As many numbers are drawn whatever happens,
 * so that two policies meet the same user.
 *
 * - Interest in the topic of what was taken moves by `a (1 - u)`, `a = interestStep (1 - |u|)`, towards it with chance
 *   `(u + 1) / 2`, else away (RecSim's interest evolution, `update_state`). All interests drift: `u += drift N(0, 1)`.
 * - Satiation: `s <- satiationDecay (s + [topic was taken])` (rebounding bandits, arXiv 2011.06741, equation 1).
 * - A list of which nothing is taken costs `1 + disappointment` patience: temper falls with every request and further when
 *   the user is unhappy, as in KuaiSim (arXiv 2309.12645, section 3.2).
 */
export function respond(
  world: World,
  user: UserState,
  slate: Int32Array,
  random: RandomStream,
): Response {
  const { settings, topics } = world;
  const [choiceDraw, purchaseDraw, stepDraw] = [
    random.uniform(),
    random.uniform(),
    random.uniform(),
  ];
  const place = choose(world, user, slate, choiceDraw);
  const item = place === -1 ? -1 : slate[place]!;
  const isPurchase = item !== -1 && purchaseDraw < purchaseChance(world, user, item);
  const event = item === -1 ? undefined : isPurchase ? 'purchase' : 'click';
  user.patience -=
    item === -1 ? 1 + settings.disappointment : costOf(world, satisfaction(world, user, item));
  if (item !== -1) {
    const topic = topics[item]!;
    const interest = user.interests[topic]!;
    const step = settings.interestStep * (1 - Math.abs(interest)) * (1 - interest);
    const isTowards = stepDraw < (interest + 1) / 2;
    user.interests[topic] = clip(interest + (isTowards ? step : -step));
    user.satiation[topic]! += 1;
    user.taken.set(item, (user.taken.get(item) ?? 0) + 1);
  }
  for (let topic = 0; topic < settings.topics; topic++) {
    user.satiation[topic]! *= settings.satiationDecay;
    user.interests[topic] = clip(user.interests[topic]! + settings.drift * random.normal());
  }
  return { place, event, reward: event === undefined ? 0 : eventRewards[event] };
}

const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
