import { describe, expect, it } from 'vitest';
import { type RankedRival, rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { taskOf } from './tasks.ts';

const named = (ranked: readonly RankedRival[], name: string) =>
  ranked.find(({ model }) => model.name === name)!;

describe('Function: rankRivals', () => {
  it('knows repeats only where lists may hold the history', () => {
    const names = (excludeHistory: boolean) =>
      rankRivals(taskOf({ excludeHistory })).map(({ model }) => model.name);
    const always = [
      'popularity',
      'sequential-rules',
      'item-knn',
      'recent-popularity',
      'rules-x-recent',
      'knn-x-recent',
      'all-x-recent',
    ];

    expect(names(true)).toEqual(always);
    expect(names(false).toSorted()).toEqual([...always, 'repeat-last'].toSorted());
  });

  it('chooses recent popularity by its half-life where fashions change, and gains by both', () => {
    // Act
    const ranked = rankRivals(taskOf());

    // Assess
    const hits = (name: string) =>
      named(ranked, name).test.ranks.filter((rank) => rank >= 1 && rank <= 3).length;
    const [term] = named(ranked, 'recent-popularity').model.counts.terms;
    expect(term!.halfLife).toBeLessThan(10 * 86_400);
    expect(hits('recent-popularity')).toBeGreaterThan(hits('popularity'));
    expect(hits('rules-x-recent')).toBeGreaterThan(hits('recent-popularity'));
  });
});
