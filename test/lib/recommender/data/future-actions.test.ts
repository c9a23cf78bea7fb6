import { describe, expect, it } from 'vitest';
import { createBatchSource } from '#lib/recommender/data/batch-source.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { layoutOf, resolve, shardOf, small } from '../fixtures.ts';

describe('Column: futureActions', () => {
  it.each(['sound', 'paper'])(
    'holds the later actions of the same history (%s)',
    async (preset) => {
      // Arrange
      const model = resolve({ ...small, preset, futureActions: 2, batchTargets: 6 });
      const sequences = shardOf([{ user: 'a', items: [1, 2, 3, 4] }]);
      const rows = await collectRows(
        [{ sequences, augmented: undefined }],
        undefined,
        new Int32Array(4).fill(1),
      );
      const layout = layoutOf(model, { items: 4, window: 6, rows });

      // Act
      const batch = createBatchSource({ rows, layout }).assemble(1, 0);

      // Assess: weights 1, 1/2, 1/3 of what there is
      const of = (target: number) => {
        const place = batch.targets!.indexOf(target);
        return {
          actions: [...batch.futureActions!.subarray(2 * place, 2 * place + 2)],
          weights: [...batch.futureWeights!.subarray(3 * place, 3 * place + 3)],
        };
      };
      expect(of(2)).toEqual({
        actions: [3, 4],
        weights: [6 / 11, 3 / 11, 2 / 11].map(Math.fround),
      });
      expect(of(3)).toEqual({ actions: [4, 0], weights: [...[2 / 3, 1 / 3].map(Math.fround), 0] });
      expect(of(4)).toEqual({ actions: [0, 0], weights: [1, 0, 0] });
    },
  );
});
