import { describe, expect, it } from 'vitest';
import { wholeGradient } from '#lib/graph/adam.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { denseTable, type ItemTable } from '#lib/recommender/item-table.ts';
import { RowGradients } from '#lib/recommender/row-gradients.ts';

const values = [0.5, -1, 2, 0.25, -0.75, 1.5, 3, -2];
/** Row 2 is read twice, row 1 never. */
const read = [
  [0, 2],
  [2, 3],
];

/** A function of rows that were read in two ways, with another slope for each element. */
function lossOf(table: ItemTable): tf.Scalar {
  const pairs = table.rows(tf.tensor2d(read, [2, 2], 'int32')); // [2, 2, width]
  const single = table.rows(tf.tensor1d([3], 'int32')); // [1, width]
  return tf.add(tf.sum(tf.square(pairs)), tf.sum(tf.exp(single)));
}

describe('Function: denseTable', () => {
  it('collects the same gradient in rows as the whole table would have', () => {
    // Arrange
    const table = tf.variable(tf.tensor2d(values, [4, 2]));
    const rows = new RowGradients();

    // Act
    const whole = tf.variableGrads(() => lossOf(denseTable(table)), [table]).grads[table.name]!;
    const inRows = tf.variableGrads(
      () => lossOf(denseTable(table, rows.collector('table'))),
      [table, rows.anchor],
    );
    const collected = wholeGradient(rows.take().table!, 4);

    // Assess
    expect(inRows.grads[table.name]).toBeUndefined();
    expect([...collected.dataSync()]).toEqual([...whole.dataSync()]);
    expect([...whole.dataSync()].slice(2, 4)).toEqual([0, 0]);
  });

  it('frees what it collected', () => {
    // Arrange
    const table = tf.variable(tf.tensor2d(values, [4, 2]));
    const before = tf.memory().numTensors;

    // Act
    tf.tidy(() => {
      const rows = new RowGradients();
      tf.variableGrads(
        () => lossOf(denseTable(table, rows.collector('table'))),
        [table, rows.anchor],
      );
      rows.take();
    });

    // Assess
    expect(tf.memory().numTensors).toBe(before);
  });
});
