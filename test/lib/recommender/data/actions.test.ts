import { describe, expect, it } from 'vitest';
import {
  augmentedRewardOf,
  type LoggedAction,
  loggedRewardOf,
} from '#lib/recommender/data/actions.ts';

/** A logged action with base reward 0.5, to which the environment says 0.25 and offers an action of `said`. */
function actionOf(lea: object, said: number, action = 3): LoggedAction {
  const environment = {
    isAnswered: Uint8Array.of(1),
    rewards: Float32Array.of(0.25),
    actions: Int32Array.of(action),
    actionRewards: Float32Array.of(said),
  };
  const rows = { rewards: Float32Array.of(1, 0.5), environment };
  const layout = { model: { lea: { rewardWeight: 0.5, ...lea }, negativeReward: 0 } };
  return { rows, layout, value: 1, transition: 0 } as unknown as LoggedAction;
}

describe('Rewards of logged and augmented actions', () => {
  it.each([
    ['off', 0.5, 0.5],
    // The augmented action is liked better, but never has more than the logged one.
    ['preference', 0.5 * 1.125, 0.5 * 1.125],
    ['positives', 0.125, 0.375],
  ])('are on one base, reward %s', (reward, logged, augmented) => {
    const action = actionOf({ reward }, 0.75);
    expect(loggedRewardOf(action)).toBe(logged);
    expect(augmentedRewardOf(action)).toBe(augmented);
  });

  it.each(['off', 'preference', 'positives'])('are 0 without an action, reward %s', (reward) => {
    expect(augmentedRewardOf(actionOf({ reward }, 0, 0))).toBe(0);
  });

  it('do not turn against an action whose reward nobody asked the environment for', () => {
    expect(augmentedRewardOf(actionOf({ reward: 'off' }, -0.5))).toBe(0.5);
  });
});
