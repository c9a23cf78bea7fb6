import { afterEach, describe, expect, it } from 'vitest';
import { Adam } from '#lib/graph/adam.ts';
import { compile } from '#lib/graph/compile.ts';
import { follow } from '#lib/graph/follow.ts';
import { step } from '#lib/graph/program.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { variable } from './sample-steps.ts';

afterEach(() => tf.disposeVariables());

/** A step that learns from rows of a table, which another table follows. */
function programOf(runEagerly: boolean, initial?: Float32Array) {
  const table = variable([5, 2]);
  const copy = variable([5, 2]);
  const adam = new Adam({ table }, { learningRate: 0.1 });
  return compile({
    variables: { table, copy, ...adam.variables },
    runEagerly,
    ...(initial && { initial: new Map([['table', () => initial]]) }),
    steps: {
      update: step({
        inputs: {
          rows: { shape: [3], dtype: 'int32' },
          values: { shape: [3, 2], dtype: 'float32' },
        },
        run: ({ rows, values }) => {
          const gradient = { rows: rows as tf.Tensor1D, values: values as tf.Tensor2D };
          adam.apply({ [table.name]: gradient });
          follow({ table: copy }, { table }, 0.25);
          return {};
        },
      }),
    },
  });
}

const inputs = { rows: Int32Array.of(3, 0, 3), values: Float32Array.of(1, -1, 2, 3, 4, -5) };

describe('Function: follow', () => {
  it.each([false, true])(
    'moves a copy a share of the way to what a gradient of rows has made of it (eagerly: %s)',
    (runEagerly) => {
      // Arrange
      const program = programOf(runEagerly);
      const before = program.readVariables();

      // Act
      program.run('update', inputs);
      const after = program.readVariables();

      // Assess: the first step of Adam moves each element by the rate against the sign of its sum
      const sums = [2, 3, 0, 0, 0, 0, 5, -6, 0, 0];
      sums.forEach((sum, at) => {
        const moved = before.table![at]! - 0.1 * Math.sign(sum);
        const copied = before.copy![at]! + 0.25 * (moved - before.copy![at]!);
        expect(after.table![at]).toBeCloseTo(moved, 5);
        expect(after.copy![at]).toBeCloseTo(copied, 5);
      });
      program.dispose();
    },
  );

  it('begins with the values that are given in place of those of the variables', () => {
    const given = Float32Array.from({ length: 10 }, (_, at) => at);

    const program = programOf(false, given);

    expect(program.readVariables().table).toEqual(given);
    expect(program.readVariables().copy).not.toEqual(given);
    program.dispose();
  });
});
