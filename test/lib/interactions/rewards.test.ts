import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { isAction, rewardOf, takenBackBy } from '#lib/interactions/rewards.ts';

const rules = interactionsConfig.parse({
  eventRewards: { view: 0.2, buy: 0.8 },
  defaultReward: 0.5,
  reward: {
    values: {
      stars: { as: 'rating', likedFrom: 3 },
      buy: { as: 'amount', full: 99 },
    },
  },
});

describe('Function: rewardOf', () => {
  it.each([
    ['view', 7, 0.2],
    ['other', null, 0.5],
    [null, 3, 0.5],
    ['stars', 1, 0],
    ['stars', 2.5, 0],
    ['stars', 3, 0.5],
    ['stars', null, 0.5],
    ['buy', null, 0.8],
    ['buy', 9, 0.4],
    ['buy', 99, 0.8],
    ['buy', 5000, 0.8],
    ['buy', 0, 0],
    ['buy', -3, 0],
    ['constructor', 3, 0.5],
  ])('of %j with value %j is %j', (type, value, reward) => {
    expect(rewardOf(rules, type, value)).toBeCloseTo(reward, 12);
  });

  it('takes * for every other type, and none', () => {
    const all = interactionsConfig.parse({
      reward: { values: { '*': { as: 'rating', likedFrom: 6 } } },
    });

    expect([rewardOf(all, null, 5), rewardOf(all, 'x', 6)]).toStrictEqual([0, 1]);
  });

  it('takes an interaction without a type for none that is called "null"', () => {
    const odd = interactionsConfig.parse({
      eventRewards: { null: 0.1 },
      reward: { values: { null: { as: 'rating', likedFrom: 4 } }, takesBack: { null: 'like' } },
    });

    expect([rewardOf(odd, null, 1), rewardOf(odd, 'null', 5)]).toStrictEqual([1, 0.1]);
    expect([takenBackBy(odd, null), takenBackBy(odd, 'null')]).toStrictEqual([undefined, 'like']);
  });

  it('does without rules of values and cancellations', () => {
    const plain = { eventRewards: { like: 0.5 }, defaultReward: 1 };

    expect(rewardOf(plain, 'like', 5)).toBe(0.5);
    expect(takenBackBy(plain, 'cancellation')).toBeUndefined();
  });

  it('does not count values unless it is told to', () => {
    expect(rewardOf(interactionsConfig.parse({}), 'rating', 1)).toBe(1);
  });
});

describe('Function: takenBackBy', () => {
  it('knows cancellations, and what is configured', () => {
    const other = interactionsConfig.parse({ reward: { takesBack: { unlike: 'like' } } });

    expect(takenBackBy(rules, 'cancellation')).toBe('purchase');
    expect(takenBackBy(other, 'unlike')).toBe('like');
    expect(takenBackBy(other, 'cancellation')).toBeUndefined();
    expect(takenBackBy(rules, null)).toBeUndefined();
  });
});

describe('Function: isAction', () => {
  it.each([
    ['view', null, true],
    ['stars', 2, false],
    ['stars', 3, true],
    ['buy', 0, false],
    ['return', null, false],
    [null, null, true],
  ])('of %j with value %j is %j', (event_type, value, expected) => {
    const all = interactionsConfig.parse({
      ...rules,
      reward: { ...rules.reward, takesBack: { return: 'buy' } },
    });

    expect(isAction(all, { event_type, value })).toBe(expected);
  });
});
