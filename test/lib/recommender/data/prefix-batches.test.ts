import { describe, expect, it } from 'vitest';
import { assemblePrefixes, buildReplay } from '#lib/recommender/data/prefix-batches.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { layoutOf, resolve, shardOf, small } from '../fixtures.ts';

describe('Function: assemblePrefixes', () => {
  it('samples different actions with the last items of the whole history', async () => {
    // Arrange: window 3; the history crosses rows
    const model = resolve({ ...small, preset: 'paper', objective: 'snqn', batchTargets: 6 });
    const rows = await collectRows(
      [
        {
          sequences: shardOf([
            { user: 'a', items: [1, 2, 3, 4] },
            { user: 'a', start: 3, items: [4, 5, 6] },
          ]),
          augmented: undefined,
        },
      ],
      undefined,
      new Int32Array(6).fill(1),
    );
    const layout = layoutOf(model, { items: 6, window: 3, rows });

    // Act
    const batch = assemblePrefixes(rows, buildReplay(rows), layout, randomStream(2));

    // Assess
    const samples = Array.from(batch.targets!, (target, place) => ({
      target,
      history: Array.from(batch.items!.subarray(place * 3, place * 3 + 3)),
      length: batch.lengths![place],
      next: Array.from(batch.nextItems!.subarray(place * 3, place * 3 + 3)),
      continues: batch.continues![place],
    })).toSorted((a, b) => a.target - b.target);
    expect(samples).toEqual([
      { target: 1, history: [0, 0, 0], length: 0, next: [1, 0, 0], continues: 1 },
      { target: 2, history: [1, 0, 0], length: 1, next: [1, 2, 0], continues: 1 },
      { target: 3, history: [1, 2, 0], length: 2, next: [1, 2, 3], continues: 1 },
      { target: 4, history: [1, 2, 3], length: 3, next: [2, 3, 4], continues: 1 },
      { target: 5, history: [2, 3, 4], length: 3, next: [3, 4, 5], continues: 1 },
      { target: 6, history: [3, 4, 5], length: 3, next: [4, 5, 6], continues: 0 },
    ]);
  });
});
