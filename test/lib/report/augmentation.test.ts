import { describe, expect, it } from 'vitest';
import { choosePositiveActions } from '#lib/environment/positive-actions.ts';
import { AugmentationCollector } from '#lib/report/augmentation.ts';
import { augmentedShard } from '../environment/responses.ts';
import { titles } from './reports.ts';

const options = { actions: 'reward', minimumMargin: 0.5, uncertaintyPenalty: 0.25 } as const;
const shards = Array.from({ length: 6 }, (_, seed) => ({
  ...augmentedShard([5, 2, 4, 1], 2, 4, seed),
  users: ['a', 'b', 'c', 'd'].map((user) => `${user}${seed}`),
}));

function collect(order: readonly number[], examples?: number) {
  const collector = new AugmentationCollector(
    { titles },
    { ...options, ...(examples === undefined ? {} : { examples }) },
  );
  for (const index of order) collector.add(shards[index]!);
  return collector.finish();
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('Class: AugmentationCollector', () => {
  it('counts every reward once', () => {
    // Act
    const summary = collect([0, 1, 2, 3, 4, 5]);

    // Assess: rows of 5, 2, 4 and 1 items have 8 transitions with 4 candidates each.
    expect(summary).toMatchObject({ shards: 6, totalShards: 6, transitions: 48, candidates: 192 });
    expect(sum(summary.rewards.logged.counts)).toBe(48);
    expect(sum(summary.rewards.candidates.counts)).toBe(192);
    const chosen = shards.flatMap((shard) => [...choosePositiveActions(shard, options).actions]);
    expect(summary.augmentedActions).toBe(chosen.filter((action) => action > 0).length);
    expect(sum(summary.rewards.augmentedActions.counts)).toBe(summary.augmentedActions);
    const logged = shards.flatMap((shard) => [...shard.rewards]);
    expect(summary.meanRewards.logged).toBeCloseTo(sum(logged) / 48, 9);
  });

  it('puts rewards at both ends of the range into bins', () => {
    // Arrange
    const shard = { ...augmentedShard([3], 2, 0), rewards: Float32Array.of(-1, 2) };
    const collector = new AugmentationCollector({ titles }, options);

    // Act
    collector.add(shard);

    // Assess
    const { counts } = collector.finish().rewards.logged;
    expect([counts[0], counts.at(-1), sum(counts)]).toEqual([1, 1, 2]);
  });

  it('draws the same examples whatever the order of shards', () => {
    // Act
    const examples = collect([0, 1, 2, 3, 4, 5], 5).examples;

    // Assess
    expect(examples).toHaveLength(5);
    expect(collect([5, 3, 1, 0, 2, 4], 5).examples).toEqual(examples);
    for (const { history, logged, augmented } of examples) {
      expect(history.length).toBeGreaterThanOrEqual(2);
      for (const title of [...history, logged.title, augmented.title]) {
        expect(titles).toContain(title);
      }
      expect(augmented.title).not.toBe(logged.title);
    }
  });
});
