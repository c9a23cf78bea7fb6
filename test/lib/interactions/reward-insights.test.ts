import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { mergeTallies } from '#lib/interactions/merge.ts';
import { rewardInsights } from '#lib/interactions/reward-insights.ts';
import { createTally } from '#lib/interactions/tally.ts';
import type { ValueTally } from '#lib/interactions/value-counts.ts';

const nothing = mergeTallies('u', [createTally('logs', 'u', 1).result()]).interactions!;

/** What is remarked of so many rows of these event types, or of these values, with this configuration. */
function remarks(
  eventTypes: Record<string, number>,
  config: object = {},
  values: Record<string, ValueTally> = {},
) {
  return rewardInsights({ ...nothing, eventTypes, values }, interactionsConfig.parse(config));
}

describe('Function: rewardInsights', () => {
  it('has nothing to say where every type has a reward and every reward a type', () => {
    expect(remarks({ buy: 3, view: 4 }, { eventRewards: { buy: 1, view: 0 } })).toEqual([]);
    expect(remarks({})).toEqual([]);
  });

  it('needs no reward of the one type that there is, unless others have one', () => {
    expect(remarks({ buy: 3 })).toEqual([]);
    expect(remarks({ buy: 3 }, { eventRewards: { view: 1 } }).map(({ code }) => code)).toEqual([
      'event-types-without-reward',
      'rewards-without-event-type',
    ]);
  });

  it('names types without a reward, the most frequent first', () => {
    expect(
      remarks({ buy: 9, save: 1, view: 2000 }, { eventRewards: { buy: 1 }, defaultReward: 0.25 }),
    ).toEqual([
      {
        code: 'event-types-without-reward',
        message:
          'Event types without a reward of their own, which count for interactions.defaultReward (0.25): view (2,000 rows), save (1 row).',
        advice: expect.stringMatching(/^Give them rewards in interactions\.eventRewards/),
      },
    ]);
  });

  it.each([
    [10, /type 1 \(1 row\)\.$/],
    [11, /type 2 \(2 rows\) and 1 more\.$/],
  ])('names ten at most, here of %i', (count, end) => {
    const types = Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`type ${at + 1}`, at + 1]),
    );

    expect(remarks(types)[0]!.message).toMatch(end);
  });

  it('says which rewards have no type, and which of those without one may be meant', () => {
    const eventRewards = { add_to_cart: 1, sale: 1, toString: 1 };

    const [without, unused] = remarks({ ' Add-To  Cart ': 2, view: 1, Sale: 1 }, { eventRewards });

    const hint = ' Perhaps the same:  Add-To  Cart  and add_to_cart, Sale and sale.';
    expect(without!.message).toMatch(new RegExp(`, view \\(1 row\\), Sale \\(1 row\\)\\.${hint}$`));
    expect(unused).toMatchObject({
      code: 'rewards-without-event-type',
      message: `interactions.eventRewards has rewards for event types that no row of the upload has: add_to_cart, sale, toString.${hint}`,
      advice: expect.stringMatching(/^Nothing to do if .*\.$/),
    });
  });

  it('asks no reward of a type that takes another one back, nor what its value means', () => {
    const value = { rows: 2, lowest: 1, highest: 5, distinct: [1, 3, 5] };
    const reward = { takesBack: { unlike: 'like' } };

    expect(remarks({ like: 3, unlike: 2 }, { eventRewards: { like: 1 }, reward })).toEqual([]);
    expect(remarks({ like: 3 }, { eventRewards: { like: 1 }, reward }, { unlike: value })).toEqual(
      [],
    );
  });

  const tally = { rows: 7, lowest: 1, highest: 5, distinct: [1, 3, 5] };
  it.each<[string, Partial<ValueTally>, object]>([
    ['three steps up to 5', {}, { as: 'rating', likedFrom: 3 }],
    ['up to 10 and from 0 on', { lowest: 0, highest: 10 }, { as: 'rating', likedFrom: 6 }],
    ['two values', { distinct: [1, 5] }, { as: 'amount', full: 5 }],
    ['too many values', { distinct: null }, { as: 'amount', full: 5 }],
    ['beyond 10', { highest: 10.5 }, { as: 'amount', full: 10.5 }],
    ['below 0', { lowest: -0.5 }, { as: 'amount', full: 5 }],
    ['shares', { lowest: 0, highest: 1, distinct: [0, 0.5, 1] }, { as: 'amount', full: 1 }],
  ])('proposes what values may mean: %s', (_, change, rule) => {
    const values = { buy: { ...tally, ...change } };

    const [remark] = remarks({}, {}, values);

    const isRating = 'likedFrom' in rule;
    const { lowest, highest } = values.buy;
    expect(remark).toEqual({
      code: 'value-not-counted',
      message: `The value of buy is ${lowest} to ${highest} in 7 rows: it looks like ${isRating ? 'a rating, but nothing reads it: the lowest counts as a like, too' : 'a quantity or price, but nothing reads it: all rows count alike'}.`,
      advice: `interactions.reward.values ${JSON.stringify({ buy: rule })} would make it count, ${isRating ? 'as no like below that' : 'on a log scale, in full from there on'}; otherwise leave it out.`,
    });
  });

  it('says of a value without an event type that it has none', () => {
    expect(remarks({}, {}, { '*': { ...tally, rows: 1 } })[0]).toMatchObject({
      message: expect.stringMatching(/^The value without an event type is 1 to 5 in 1 row: /),
      advice: expect.stringContaining('{"*":'),
    });
  });

  it.each<[string, Partial<ValueTally>]>([
    ['always the same', { lowest: 5 }],
    ['never above 0', { lowest: -5, highest: 0 }],
  ])('has nothing to say of a value that is %s', (_, change) => {
    expect(remarks({}, {}, { buy: { ...tally, ...change } })).toEqual([]);
  });

  it('is silent about a value of which a rule says what it means', () => {
    const reward = { values: { buy: { as: 'amount', full: 3 } } };

    expect(remarks({}, { reward }, { buy: tally, view: tally }).map(({ code }) => code)).toEqual([
      'value-not-counted',
    ]);
  });
});
