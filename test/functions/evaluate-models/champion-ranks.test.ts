import { describe, expect, it } from 'vitest';
import { rankWithBlend } from '#functions/evaluate-models/champion-ranks.ts';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { decodeBlend } from '#lib/serving/blend-file.ts';
import { rivalFiles } from '#lib/serving/rival-files.ts';
import { taskOf } from '../../lib/evaluation/rivals/tasks.ts';

describe('Function: rankWithBlend', () => {
  const task = taskOf();
  const { itemIds } = task.itemTable;
  const own = { ...task, cases: task.cases.test, itemIds };
  const rivals = rankRivals(task).map(({ model, test }) => {
    const { description, weights } = rivalFiles(model);
    return { test, blend: decodeBlend(JSON.parse(JSON.stringify(description)), weights) };
  });

  it('ranks as the rival was ranked when it was made', () => {
    for (const { blend, test } of rivals) {
      expect(rankWithBlend(blend, itemIds, own)).toEqual(test.ranks);
    }
  });

  it('does not know items that came after it, and takes no notice of them', () => {
    // Arrange: to the champion, some of tonight's items have other names.
    const known = itemIds.map((id, at) => (at % 5 === 0 ? `renamed ${id}` : id));

    for (const { blend } of rivals) {
      // Act
      const ranks = rankWithBlend(blend, known, own);

      // Assess
      own.cases.targets.forEach((target, index) => {
        if ((target - 1) % 5 === 0) expect(ranks[index]).toBe(0);
      });
      expect(ranks.some((rank) => rank > 0)).toBe(true);
    }
  });
});
