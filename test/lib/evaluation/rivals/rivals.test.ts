import { describe, expect, it } from 'vitest';
import { fitAllAnew } from '#lib/evaluation/rivals/fit-scorers.ts';
import { type RankedRival, rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { countRows } from '#lib/sequences/all-actions.ts';
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
      'ease',
      'session-knn',
      'recent-popularity',
      'rules-x-recent',
      'knn-x-recent',
      'all-x-recent',
    ];

    expect(names(true)).toEqual(always);
    expect(names(false).toSorted()).toEqual([...always, 'repeat-last'].toSorted());
  });

  it('gives whatever is joined with recent popularity the moderators of a network’s blend', () => {
    for (const { model } of rankRivals(taskOf())) {
      const { name, components, counts, moderators } = model;
      const isJoined = name.endsWith('-x-recent');
      expect(moderators.map(({ kind }) => kind)).toEqual(isJoined ? ['absence', 'recency'] : []);
      if (!isJoined) continue;
      // One half-life, that of recent popularity, and a number for each weight.
      expect(counts.terms.length).toBe(1);
      for (const { term, weights } of moderators) {
        expect(term).toBe(0);
        expect(weights.length).toBe(components.length + 1);
      }
    }
  });

  it('knows who has been away: they take what is in fashion, the others what comes next', () => {
    // Arrange: within a visit the next item of the ring, after a day what is in fashion.
    const task = taskOf({}, 'visits');

    // Act
    const ranked = rankRivals(task);

    // Assess: in either case it is as good as the one that knows that case.
    const [absence] = named(ranked, 'rules-x-recent').model.moderators;
    const [rules, recent] = absence!.weights;
    expect(rules).toBeLessThan(0);
    expect(recent).toBeGreaterThan(0);
    const { times, historyTimes, offsets } = task.cases.test;
    const isInVisit = (index: number) =>
      times[index]! - historyTimes[offsets[index + 1]! - 1]! < 3600;
    for (const inVisit of [true, false]) {
      const hits = (name: string) =>
        [...named(ranked, name).test.ranks].filter(
          (rank, index) => isInVisit(index) === inVisit && rank >= 1 && rank <= 3,
        ).length;
      const better = Math.max(hits('sequential-rules'), hits('recent-popularity'));
      expect(better).toBeGreaterThan(0);
      expect(hits('rules-x-recent')).toBeGreaterThanOrEqual(better);
    }
  });

  it('answers test cases alone with what knows validation', () => {
    // Arrange
    const task = taskOf();
    const { training } = task.scorers;
    const all = { ...task, shards: task.allActions };
    const beforeTest = fitAllAnew(training.scorers, all);

    // Act
    const [own, known] = [{ training }, { training, beforeTest }].map((scorers) =>
      rankRivals({ ...task, scorers }),
    );

    // Assess
    const ranksOf = (ranked: readonly RankedRival[] | undefined, on: 'validation' | 'test') =>
      ranked!.map((rival) => rival[on].ranks);
    expect(ranksOf(known, 'validation')).toEqual(ranksOf(own, 'validation'));
    const rules = (ranked: readonly RankedRival[] | undefined) =>
      ranked!.find(({ model }) => model.name === 'sequential-rules')!;
    expect(rules(known).test.ranks).not.toEqual(rules(own).test.ranks);
    expect(rules(known).model.trainingCounts).toEqual(
      countRows(task.allActions, task.itemTable.itemIds.length).counts,
    );
  });

  it('lets recent popularity keep a share of its weights where it is joined, and shows more items', () => {
    // Act
    const [whole, half] = [1, 0.25].map((countsShare) => rankRivals({ ...taskOf(), countsShare }));

    // Assess
    for (const name of ['rules-x-recent', 'recent-popularity']) {
      const share = name === 'rules-x-recent' ? 0.25 : 1;
      const [before, after] = [whole!, half!].map((ranked) => named(ranked, name).model);
      const kept = (weight: number) => expect.closeTo(share * weight, 12);
      expect(after!.components.map(({ weight }) => weight)).toEqual(
        before!.components.map(({ weight }) => weight),
      );
      expect(after!.counts.terms.map(({ weight }) => weight)).toEqual(
        before!.counts.terms.map(({ weight }) => kept(weight)),
      );
      expect(after!.moderators.map(({ weights }) => weights.at(-1))).toEqual(
        before!.moderators.map(({ weights }) => kept(weights.at(-1)!)),
      );
    }
    const shown = (ranked: readonly RankedRival[]) => {
      const { test } = named(ranked, 'rules-x-recent');
      const first = test.lists.filter((_, at) => at % test.listLength < 3);
      return new Set(first).size;
    };
    expect(shown(half!)).toBeGreaterThanOrEqual(shown(whole!));
    expect(named(half!, 'rules-x-recent').test.ranks).not.toEqual(
      named(whole!, 'rules-x-recent').test.ranks,
    );
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
