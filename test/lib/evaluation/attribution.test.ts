import { describe, expect, it } from 'vitest';
import type { Impression } from '#lib/contracts/impression.ts';
import { createAttribution, type TakenItem } from '#lib/evaluation/attribution.ts';
import { randomStream } from '#lib/recommender/random.ts';

const hour = 3600;
const shown = (id: string, change: Partial<Impression> = {}): Impression => ({
  recommendation_id: id,
  time: 1000,
  operation: 'recommend',
  user_id: 'u',
  experiment: null,
  variant: 'champion',
  propensity: 1,
  model: { run: 'one', name: 'small' },
  source: 'model',
  items: ['a', 'b'],
  scores: [1, 0],
  count: 2,
  ...change,
});
const taken = (item_id: string, timestamp: number, change: Partial<TakenItem> = {}): TakenItem => ({
  user_id: 'u',
  item_id,
  timestamp,
  ...change,
});
/** The log goes on for long enough that the time of every list is over. */
const later = taken('z', 1e6, { user_id: 'somebody else' });

function attribute(
  impressions: readonly Impression[],
  actions: readonly TakenItem[],
  options: Partial<Parameters<typeof createAttribution>[0]> = {},
) {
  const attribution = createAttribution({ experiment: null, window: 24 * hour, ...options });
  for (const one of impressions) attribution.addImpression(one);
  for (const one of [...actions, later]) attribution.addAction(one);
  return attribution.finish();
}

describe('Function: createAttribution', () => {
  it('goes by the id of the list where logs have it, whoever took it and when', () => {
    // Arrange
    const lists = [shown('1'), shown('2'), shown('3', { user_id: null }), shown('4')];
    lists.push(shown('5', { user_id: null, time: 500 }));
    // Act
    const found = attribute(lists, [
      taken('a', 9e5, { recommendation_id: '1' }),
      taken('z', 1001, { recommendation_id: '2' }),
      taken('b', 1001, { user_id: 'another', recommendation_id: '3' }),
      taken('a', 1001, { recommendation_id: 'of another release' }),
    ])!;
    // Assess
    expect(found.by).toBe('recommendation_id');
    expect(found.variants).toMatchObject([{ impressions: 5, answered: 3, taken: 2, users: 3 }]);
    expect(found.variants[0]!.rate).toStrictEqual({ value: 0.4, interval: null });
    expect([found.from, found.to]).toEqual([500, 1000]);
  });

  it.each<[string, TakenItem, number, number]>([
    ['within the window', taken('a', 1000 + 24 * hour), 1, 1],
    ['in the second in which it was shown', taken('b', 1000), 1, 1],
    ['of somebody unknown', taken('a', 1001, { user_id: 'null' }), 0, 0],
    ['before it was shown', taken('a', 999), 0, 0],
    ['when the window was over', taken('a', 1001 + 24 * hour), 0, 0],
    ['by somebody else', taken('a', 1001, { user_id: 'v' }), 0, 0],
    ['of something that was not shown', taken('c', 1001), 1, 0],
  ])('goes by user and item else: an action %s', (_, action, answered, took) => {
    // Arrange: another list of another user, so that somebody is heard of.
    const other = shown('2', { user_id: 'w' });
    // Act
    const found = attribute(
      [shown('1', { time: 1000.7 }), other, shown('3', { user_id: null })],
      [action, taken('c', 1001, { user_id: 'w' })],
    )!;
    // Assess
    expect(found).toMatchObject({ by: 'user and item', from: 1000, to: 1000.7, share: 1 });
    expect(found.variants).toMatchObject([{ impressions: 2, answered: answered + 1, taken: took }]);
  });

  it('credits the newest of several lists that had the item, in whatever order they come', () => {
    const lists = [
      shown('2', { time: 2000 }),
      shown('1', { time: 1000, variant: 'challenger' }),
      shown('3', { time: 3000, items: ['c'] }),
    ];

    const found = attribute(lists, [taken('a', 4000)])!;

    expect(found.variants).toMatchObject([
      { variant: 'champion', impressions: 2, answered: 2, taken: 1 },
      { variant: 'challenger', impressions: 1, answered: 1, taken: 0 },
    ]);
  });

  it('says nothing where nobody is heard of again, and of lists whose time is not over', () => {
    const late = shown('1', { time: 1e6 - hour });

    expect(attribute([shown('1')], [])).toBeUndefined();
    expect(attribute([], [taken('a', 1001)])).toBeUndefined();
    expect(attribute([late], [taken('a', 1e6)])).toBeUndefined();
  });

  it('counts a line once that comes twice, and neither other comparisons nor similar items', () => {
    const lists = [
      shown('1', { experiment: 'now' }),
      shown('1', { experiment: 'now' }),
      shown('2'),
      shown('3', { experiment: 'before' }),
      shown('4', { experiment: 'now', operation: 'similar' }),
    ];

    const found = attribute(lists, [taken('a', 1001)], { experiment: 'now' })!;

    expect(found.variants).toMatchObject([{ impressions: 1, taken: 1 }]);
  });

  it('finds a difference that there is, and none where there is none', () => {
    // Arrange: 3,000 users with two lists each; of the challenger's, a tenth more are taken.
    const compare = (challenger: number) => {
      const random = randomStream(3, 'taken');
      const lists: Impression[] = [];
      const actions: TakenItem[] = [];
      for (let user = 0; user < 3000; user++) {
        const isChallenger = user % 3 === 0;
        const variant = isChallenger ? 'challenger' : 'champion';
        for (const time of [1000, 200_000]) {
          const id = `${user}-${time}`;
          lists.push(shown(id, { user_id: `${user}`, time, variant, experiment: 'now' }));
          const rate = isChallenger ? challenger : 0.3;
          if (random.uniform() < rate) {
            actions.push(taken('b', time + 10, { user_id: `${user}` }));
          }
        }
      }
      return attribute(lists, actions, { experiment: 'now' })!;
    };
    // Act
    const [same, better] = [compare(0.3), compare(0.4)];
    // Assess
    expect(same.difference!.low).toBeLessThan(0);
    expect(same.difference!.high).toBeGreaterThan(0);
    expect(better.difference!.low).toBeGreaterThan(0);
    expect(better.difference!.value).toBeGreaterThan(0.05);
    expect(
      better.variants.map(({ variant, impressions, users }) => [variant, impressions, users]),
    ).toStrictEqual([
      ['champion', 4000, 2000],
      ['challenger', 2000, 1000],
    ]);
  });

  it('looks at a share of the users, all their lists, when there are too many', () => {
    // Arrange
    const lists = Array.from({ length: 4000 }, (_, at) =>
      shown(`r${at}`, { user_id: `user ${at % 2000}` }),
    );
    const actions = lists.map(({ user_id }) => taken('a', 1001, { user_id: user_id! }));
    // Act
    const found = attribute(lists, actions, { most: 1500 })!;
    // Assess
    const [{ impressions, users }] = found.variants as [(typeof found.variants)[number]];
    expect(found.share).toBe(0.25);
    expect(impressions).toBe(2 * users);
    expect(Math.abs(users - 500)).toBeLessThan(80);
  });

  it('takes an action at the very end of the window, and a list whose time is just over', () => {
    const end = 1e6;
    const list = shown('1', { time: end - 24 * hour });

    expect(attribute([list], [taken('a', end)])!.variants).toMatchObject([
      { answered: 1, taken: 1 },
    ]);
  });

  it('names the models that answered, the one that did most often first', () => {
    const by = (id: string, name: string) => shown(id, { model: { run: 'r', name } });
    const lists = [by('1', 'small'), by('2', 'large'), by('3', 'large')];

    const found = attribute(lists, [taken('a', 1001)])!;

    expect(found.variants[0]!.models).toEqual(['large of run r', 'small of run r']);
  });

  it('looks at all lists where there are as many as there may be', () => {
    const lists = ['1', '2', '3'].map((id) => shown(id));

    expect(attribute(lists, [taken('a', 1001)], { most: 3 })!.share).toBe(1);
    expect(attribute(lists, [taken('a', 1001)], { most: 2 })?.share ?? 0.5).toBe(0.5);
  });
});
