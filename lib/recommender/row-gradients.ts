import * as tf from '@tensorflow/tfjs-core';

/** Under this key parameters have what collects gradients of rows, where there is something. */
export const rowGradients = Symbol('row gradients');

/**
 * Gradients of the rows that a step read of its item tables. Automatic differentiation would make a whole table of each
 * reading; of a million items that is 256 MB at dimension 64, and a step reads the embedding three times.
 */
export class RowGradients {
  /** To be among the variables of which gradients are asked. */
  readonly anchor: tf.Variable = tf.variable(tf.scalar(0), true);
  readonly #read = new Map<string, { rows: tf.Tensor1D; values: tf.Tensor2D }[]>();

  /** Takes the gradients of the table that is called so. */
  collector(table: string) {
    return {
      anchor: this.anchor as tf.Tensor,
      add: (rows: tf.Tensor1D, values: tf.Tensor2D): tf.Tensor => {
        const known = this.#read.get(table) ?? [];
        this.#read.set(table, known);
        known.push({ rows: tf.keep(tf.clone(rows)), values: tf.keep(tf.clone(values)) });
        return tf.scalar(0);
      },
    };
  }

  /** All of them by table, rows as often as they were read: `rows` int32 `[n]`, `values` `[n, width]`. Frees everything else. */
  take(): Record<string, { rows: tf.Tensor1D; values: tf.Tensor2D }> {
    const joined = Object.fromEntries(
      [...this.#read].map(([table, parts]) => [
        table,
        {
          rows: tf.concat(parts.map(({ rows }) => rows)),
          values: tf.concat(parts.map(({ values }) => values)),
        },
      ]),
    );
    tf.dispose([...this.#read.values()].flat());
    this.anchor.dispose();
    return joined;
  }
}
