import { describe, expect, it } from 'vitest';
import { historyAt } from '#lib/evaluation/rivals/evidence.ts';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { countActions } from '#lib/popularity/item-counts.ts';
import { decodeBlend, encodeBlend } from '#lib/serving/blend-file.ts';
import { rankWithBlend } from '#lib/serving/rank-blend.ts';
import { Recommender } from '#lib/serving/recommender.ts';
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

  it('ranks items that came after it by counts alone, as serving shows them, and otherwise not at all', () => {
    // Arrange: to the champion, some of tonight's items have other names.
    const known = itemIds.map((id, at) => (at % 5 === 0 ? `renamed ${id}` : id));

    for (const { blend } of rivals) {
      // Act
      const ranks = rankWithBlend(blend, known, own);

      // Assess
      const ranksOfNew = ranks.filter((_, index) => (own.cases.targets[index]! - 1) % 5 === 0);
      expect(ranksOfNew.length).toBeGreaterThan(0);
      const areShown = blend.counts.terms.length > 0;
      expect(ranksOfNew.some((rank) => rank > 0)).toBe(areShown);
      expect(ranks.some((rank) => rank > 0)).toBe(true);
    }
  });

  it('ranks what serving shows: the same lists, items that came since among them', () => {
    // Arrange
    const known = itemIds.map((id, at) => (at % 5 === 0 ? `renamed ${id}` : id));
    const { events } = own;
    // Serving lets counts stand still for a minute, so a request on the minute is judged and served alike.
    const asked = Array.from(own.cases.times.keys())
      .filter((index) => own.cases.times[index]! % 60 === 0)
      .slice(0, 20);
    expect(asked.length).toBeGreaterThan(3);
    let compared = 0;
    for (const { blend } of rivals.filter(({ blend: { counts } }) => counts.terms.length > 0)) {
      const ranks = rankWithBlend(blend, known, own);
      const { description, weights } = encodeBlend(blend);
      for (const index of asked) {
        const time = own.cases.times[index]!;
        const actions = Array.from(events.items.keys())
          .filter((at) => events.times[at]! < time)
          .map((at) => ({ item: itemIds[events.items[at]! - 1]!, time: events.times[at]! }));
        const counts = {
          counts: countActions(actions, time),
          base: null,
          uploads: new Set<string>(),
          left: new Set<string>(),
        };
        const recommender = new Recommender(
          { description, weights, vocabulary: known },
          { counts },
        );
        const { items, times } = historyAt(own.cases, index);
        // Act
        const served = recommender.recommend(
          {
            history: Array.from(items, (item) => itemIds[item - 1]!),
            historyTimes: [...times],
            time,
          },
          5,
        );
        if (served.source !== 'model') continue;
        // Assess: near ties may change places, since counts are added up in another order.
        const target = itemIds[own.cases.targets[index]! - 1]!;
        const place = served.items.findIndex(({ item_id }) => item_id === target) + 1;
        if (place > 0) expect(Math.abs(ranks[index]! - place)).toBeLessThanOrEqual(1);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(10);
  });
});
