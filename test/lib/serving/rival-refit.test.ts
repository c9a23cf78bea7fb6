import { describe, expect, it } from 'vitest';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { countRows } from '#lib/sequences/all-actions.ts';
import { decodeBlend, historyParts } from '#lib/serving/blend-file.ts';
import { rivalFiles } from '#lib/serving/rival-files.ts';
import { refitRival } from '#lib/serving/rival-refit.ts';
import { taskOf } from '../evaluation/rivals/tasks.ts';

describe('Function: refitRival', () => {
  const task = taskOf({ excludeHistory: false });
  const rivals = rankRivals(task).map(({ model }) => {
    const { description, weights } = rivalFiles(model);
    return { name: model.name, blend: decodeBlend(description, weights) };
  });
  const all = { itemTable: task.itemTable, shards: task.allActions, baskets: task.baskets };

  it('knows every kind of component that a rival has', () => {
    const kinds = rivals.flatMap(({ blend }) =>
      historyParts(blend).map(({ scorer }) => scorer.kind),
    );
    expect([...new Set(kinds)].sort()).toStrictEqual([
      'ease',
      'item-knn',
      'repeat-last',
      'sequential-rules',
      'session-knn',
    ]);
  });

  it('on the training actions gives what was judged', () => {
    for (const { blend } of rivals) {
      // Act
      const same = refitRival(blend, { ...all, shards: task.shards });
      // Assess
      expect(same.trainingCounts).toStrictEqual(blend.trainingCounts);
      expect(historyParts(same).map(({ scorer }) => scorer.arrays)).toStrictEqual(
        historyParts(blend).map(({ scorer }) => scorer.arrays),
      );
    }
  });

  it('on all actions counts more, and leaves what validation chose', () => {
    const counts = countRows(task.allActions, task.itemTable.itemIds.length).counts;
    for (const { name, blend } of rivals) {
      // Act
      const refitted = refitRival(blend, all);
      // Assess
      expect(refitted.trainingCounts).toStrictEqual(counts);
      expect(refitted.counts).toStrictEqual(blend.counts);
      const said = (model: typeof blend) =>
        historyParts(model).map(({ weight, scale, scorer }) => [weight, scale, scorer.kind]);
      expect(said(refitted)).toStrictEqual(said(blend));
      if (name !== 'sequential-rules') continue;
      const pairs = (model: typeof blend) =>
        historyParts(model)[0]!.scorer.arrays.strengths!.length;
      expect(pairs(refitted)).toBeGreaterThan(pairs(blend));
    }
  });
});
