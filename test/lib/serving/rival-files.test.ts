import { describe, expect, it } from 'vitest';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import type { FreshCounts } from '#lib/popularity/fresh-counts.ts';
import { countActions } from '#lib/popularity/item-counts.ts';
import { historyOf } from '#lib/sequences/evaluation-cases.ts';
import { Recommender } from '#lib/serving/recommender.ts';
import { rivalFiles } from '#lib/serving/rival-files.ts';
import { taskOf } from '../evaluation/rivals/tasks.ts';

describe('Function: rivalFiles', () => {
  it.each([true, false])(
    'what is served is what was judged: the same lists (without the history: %s)',
    (excludeHistory) => {
      // Arrange
      const task = taskOf({ excludeHistory });
      const { test } = task.cases;
      const { itemIds } = task.itemTable;
      // Serving lets counts stand still for a minute, so a request on the minute is judged and served alike.
      const asked = Array.from(test.times.keys()).filter((index) => test.times[index]! % 60 === 0);
      expect(asked.length).toBeGreaterThan(3);

      for (const { model, test: judged } of rankRivals(task)) {
        const { description, weights } = rivalFiles(model);
        const json = JSON.parse(JSON.stringify(description));
        for (const index of asked) {
          // Act
          const time = test.times[index]!;
          const before = Array.from(task.events.items.keys()).filter(
            (at) => task.events.times[at]! < time,
          );
          const actions = before.map((at) => ({
            item: itemIds[task.events.items[at]! - 1]!,
            time: task.events.times[at]!,
          }));
          const counts: FreshCounts = {
            counts: countActions(actions, time),
            base: null,
            uploads: new Set(),
            left: new Set(),
          };
          const recommender = new Recommender(
            { description: json, weights, vocabulary: itemIds },
            { counts },
          );
          const history = Array.from(historyOf(test, index), (item) => itemIds[item - 1]!);
          const lastActionTime = test.historyTimes[test.offsets[index + 1]! - 1]!;
          const { items } = recommender.recommend({ history, time, lastActionTime }, 10);

          // Assess: counts are added up in another order, so near ties may change places.
          const scores = new Map(
            recommender
              .recommend({ history, time, lastActionTime }, itemIds.length)
              .items.map(({ item_id, score }) => [item_id, score!]),
          );
          const own = [...judged.lists.subarray(index * 10, index * 10 + 10)].filter(
            (item) => item > 0,
          );
          expect(own.map((item) => scores.get(itemIds[item - 1]!))).toEqual(
            items.map(({ score }) => expect.closeTo(score!, 9)),
          );
        }
      }
    },
  );
});
