import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '#lib/graph/compile.ts';
import { topKInBlocks } from '#lib/graph/operations/top-k.ts';
import { step } from '#lib/graph/program.ts';
import { record } from '#lib/graph/record.ts';
import type { StepDefinition } from '#lib/graph/specification.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { wave } from '../sample-steps.ts';

/** The columns of a row's k largest, ties by column, by sorting. */
function sorted(row: readonly number[], k: number): number[] {
  return row
    .map((value, column) => ({ value, column }))
    .sort((a, b) => b.value - a.value || a.column - b.column)
    .slice(0, k)
    .map(({ column }) => column);
}

describe('Function: topKInBlocks', () => {
  it('gives what sorting gives, for any block size, with many ties', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 320 }),
        fc.nat(),
        fc.nat(),
        fc.constantFrom(1, 5, 1000),
        (rows, columns, blockSize, kSeed, valueSeed, levels) => {
          // Arrange
          const k = 1 + (kSeed % Math.min(columns, 25));
          const table = Array.from({ length: rows }, (_, row) =>
            Array.from({ length: columns }, (_, i) =>
              Math.abs((i * 31 + row * 7 + valueSeed) % levels),
            ),
          );

          // Act
          const [values, indices] = tf.tidy(() => {
            const scores = tf.tensor2d(table);
            const best = topKInBlocks({
              columns,
              blockSize,
              k,
              scores: (start, size) => tf.slice(scores, [0, start], [rows, size]),
            });
            return [best.values.arraySync(), best.indices.arraySync()];
          });

          // Assess
          expect(indices).toEqual(table.map((row) => sorted(row, k)));
          expect(values).toEqual(
            table.map((row, index) => indices[index]!.map((column) => row[column]!)),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is the same in a recorded step, one block after the other', () => {
    // Arrange
    const table = tf.variable(tf.tensor2d(wave([23, 4], 1), [23, 4]));
    const definition = step({
      inputs: { x: { shape: [5, 4], dtype: 'float32' } },
      run: ({ x }) =>
        topKInBlocks({
          columns: 23,
          blockSize: 6,
          k: 3,
          scores: (start, size) =>
            tf.matMul(
              x as tf.Tensor2D,
              tf.slice(table as tf.Tensor2D, [start, 0], [size, 4]),
              false,
              true,
            ),
        }),
    });
    const options = { variables: { table }, steps: { best: definition } };
    const traced = compile(options);
    const eager = compile({ ...options, runEagerly: true });
    const x = wave([5, 4], 9);

    // Act
    const results = [traced.run('best', { x }), eager.run('best', { x })];
    const { nodes } = record('best', definition as unknown as StepDefinition, { table });

    // Assess
    expect(results[0]!.indices).toEqual(results[1]!.indices);
    expect(results[0]!.indices).toHaveLength(15);
    const topKs = nodes.filter(({ operation }) => operation === 'TopKV2');
    const products = nodes.filter(({ operation }) => operation === 'BatchMatMulV2');
    expect(products).toHaveLength(4);
    expect(products.map(({ after }) => after)).toEqual([
      [],
      ...topKs.slice(0, 3).map(({ name }) => [name]),
    ]);
    traced.dispose();
    table.dispose();
  });

  it('refuses k and block sizes out of range', () => {
    // Arrange
    const call = (k: number, blockSize: number) => () =>
      topKInBlocks({ columns: 4, blockSize, k, scores: (_, size) => tf.zeros([1, size]) });

    // Assess
    expect(call(5, 2)).toThrow('k is 5; it must be in 1 .. 4');
    expect(call(0, 2)).toThrow('k is 0');
    expect(call(1, 0)).toThrow('blockSize is 0');
  });
});
