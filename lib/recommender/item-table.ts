import * as tf from '@tensorflow/tfjs-core';
import type { ItemCodesConfig } from '#lib/contracts/config/training.ts';
import { itemEmbedding, type Parameters, parameter } from './backbones/backbone.ts';
import type { ParameterSpec } from './parameters.ts';
import { rowGradients } from './row-gradients.ts';

/** A vector of each item; row `i - 1` is that of item `i`. */
export interface ItemTable {
  readonly items: number;
  readonly width: number;
  /** Vectors of chosen rows, int32 `[...]` -> `[..., width]`. The gradient flows into the table alone, not into the choice. */
  rows(rows: tf.Tensor): tf.Tensor;
  /** Rows from `start` on, `[size, width]`. */
  part(start: number, size: number): tf.Tensor2D;
  /** `[items, width]` */
  whole(): tf.Tensor2D;
}

/** Parameters with a vector for each item. */
const itemTables: ReadonlySet<string> = new Set([
  itemEmbedding,
  'supervised_head/kernel',
  'q_head/kernel',
]);

export const isItemTable = (name: string): boolean => itemTables.has(name);

/** Codes of items among parameters and weights, `[items, codebooks]`. */
export const itemCodes = 'item_codes';

export const codebooksOf = (table: string): string => `${table}/codebooks`;

/** Parameters with the codes that their tables are read by; without codes as they are. */
export function withCodes(parameters: Parameters, codes: tf.Tensor2D | undefined): Parameters {
  return codes === undefined ? parameters : { ...parameters, [itemCodes]: codes };
}

/** The table of a model that is called so: `item_embedding`, or that of a head. */
export function itemTable(parameters: Parameters, name: string): ItemTable {
  const codebooks = parameters[codebooksOf(name)];
  if (codebooks !== undefined) {
    const codes = parameter(parameters, itemCodes);
    return codedTable(codes as tf.Tensor2D, codebooks as tf.Tensor2D);
  }
  const table = parameter(parameters, name) as tf.Tensor2D;
  return denseTable(table, parameters[rowGradients]?.collector(name));
}

/**
 * A table whose rows are weights of their own.
 *
 * @param collect takes the gradient of rows that were read; without it, every reading has a gradient of the whole table's size
 */
export function denseTable(table: tf.Tensor2D, collect?: Collector): ItemTable {
  const [items, width] = table.shape;
  return {
    items,
    width,
    rows(chosen) {
      const read = tf.customGrad((...args) => {
        const save = args.at(-1) as unknown as tf.GradSaveFunc;
        save([chosen]);
        return {
          value: tf.gather(table as tf.Tensor, chosen as tf.Tensor1D),
          gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
            const rows = tf.reshape(saved[0]!, [-1]) as tf.Tensor1D;
            const values = tf.reshape(dy, [-1, width]) as tf.Tensor2D;
            return collect === undefined
              ? tf.unsortedSegmentSum(values, rows, items)
              : collect.add(rows, values);
          },
        };
      });
      return read(collect?.anchor ?? table);
    },
    part: (start, size) => tf.slice(table, [start, 0], [size, width]),
    whole: () => table,
  };
}

/** Takes gradients of rows. */
export interface Collector {
  /** A scalar of which what was read seems to be a function, so that automatic differentiation comes by. */
  readonly anchor: tf.Tensor;
  /** @returns the gradient of `anchor`: 0 */
  add(rows: tf.Tensor1D, values: tf.Tensor2D): tf.Tensor;
}

/**
 * The parameters of a network whose item tables are made of parts, `[codebooks * size, width / codebooks]`; those of all else are
 * as they were.
 */
export function codedSpecs(
  specs: readonly ParameterSpec[],
  { codebooks, size }: ItemCodesConfig,
): ParameterSpec[] {
  return specs.map((spec) =>
    isItemTable(spec.name)
      ? {
          name: codebooksOf(spec.name),
          shape: [codebooks * size, spec.shape[1]! / codebooks],
          initialiser: spec.initialiser,
        }
      : spec,
  );
}

/**
 * A table whose rows are parts joined: row `i` is `codebooks[0, codes[i, 0]], codebooks[1, codes[i, 1]], ...`
 *
 * @param codes int32 `[items, codebooks]`
 * @param parts `[codebooks * size, width / codebooks]`
 */
function codedTable(codes: tf.Tensor2D, parts: tf.Tensor2D): ItemTable {
  const [items, codebooks] = codes.shape;
  const [places, partWidth] = parts.shape;
  const width = codebooks * partWidth;
  const begins = tf.range(0, places, places / codebooks, 'int32'); // [codebooks]
  const table = denseTable(parts);
  const joined = (own: tf.Tensor) => {
    const vectors = table.rows(tf.add(tf.cast(own, 'int32'), begins)); // [..., codebooks, part]
    return tf.reshape(vectors, [...own.shape.slice(0, -1), width]); // [..., width]
  };
  const part = (start: number, size: number) =>
    joined(tf.slice(codes, [start, 0], [size, codebooks])) as tf.Tensor2D;
  return {
    items,
    width,
    rows: (rows) => joined(tf.gather(codes as tf.Tensor, rows as tf.Tensor1D)),
    part,
    whole: () => joined(codes) as tf.Tensor2D,
  };
}
