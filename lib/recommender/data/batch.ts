import type * as tf from '@tensorflow/tfjs-core';
import { emptyValues, type TensorSpec } from '#lib/graph/specification.ts';
import type { LineState, LoggedAction, WholeBatch } from './actions.ts';
import { type Column, type ColumnName, columns } from './columns.ts';
import type { BatchLayout } from './layout.ts';

export type Table = typeof columns;

/** Every array that a batch may have. */
export type BatchArrays = {
  readonly [Name in ColumnName]: Table[Name]['dtype'] extends 'int32' ? Int32Array : Float32Array;
};

/** The arrays that a model's steps take. */
export type Batch = Readonly<Partial<BatchArrays>>;

/** Every array as a tensor. */
export type ColumnTensors = {
  readonly [Name in ColumnName]: ReturnType<Table[Name]['shape']> extends readonly [number]
    ? tf.Tensor1D
    : tf.Tensor2D;
};

/** The arrays of a batch as tensors. */
export type BatchTensors = Readonly<Partial<ColumnTensors>>;

/** How a column may be filled, and from what. */
export interface Sources {
  readonly perState: LineState;
  readonly perSample: LoggedAction;
  readonly perAction: LoggedAction;
  readonly perBatch: WholeBatch;
}

/** What fills a column of each kind of batch. */
const fillsOf: Readonly<Record<BatchLayout['kind'], readonly (keyof Sources)[]>> = {
  lines: ['perState', 'perAction', 'perBatch'],
  baskets: ['perState', 'perAction', 'perBatch'],
  prefixes: ['perSample', 'perAction', 'perBatch'],
};

/** The columns that a layout has. A column that is asked for where nothing fills it is a defect of the table. */
function askedColumns(layout: BatchLayout): [ColumnName, Column][] {
  const asked = Object.entries<Column>(columns).filter(([, column]) => column.isAsked(layout));
  for (const [name, column] of asked) {
    if (fillsOf[layout.kind].every((fill) => column[fill] === undefined)) {
      throw new RangeError(`Nothing fills the column "${name}" of a batch of ${layout.kind}.`);
    }
  }
  return asked as [ColumnName, Column][];
}

/**
 * Shapes and types of the arrays that a layout has.
 *
 * @throws RangeError if a column is asked for that nothing fills in batches of this kind
 */
export function batchSpecs(layout: BatchLayout): Partial<Record<ColumnName, TensorSpec>> {
  return Object.fromEntries(
    askedColumns(layout).map(([name, column]) => [
      name,
      { shape: column.shape(layout), dtype: column.dtype },
    ]),
  );
}

/** Arrays of zeros of every name that a layout has. */
export function emptyBatch(layout: BatchLayout): Batch {
  return Object.fromEntries(
    Object.entries(batchSpecs(layout)).map(([name, spec]) => [name, emptyValues(spec)]),
  ) as Batch;
}

/** Fills in all columns of a batch that are filled in this way, from one source. */
export function filler<Fill extends keyof Sources>(
  fill: Fill,
  layout: BatchLayout,
  batch: Batch,
): (source: Sources[Fill]) => void {
  const own = askedColumns(layout).filter(([, column]) => column[fill] !== undefined);
  const fills = own.map(([name, column]) => {
    const array = batch[name]!;
    return (source: Sources[Fill]) => column[fill]!(array, source as never);
  });
  return (source) => {
    for (const each of fills) each(source);
  };
}

/**
 * A view of a batch without gaps: reading what the model's settings do not ask for is an error, not a zero.
 *
 * @throws RangeError (the view, when read) naming the column
 */
export function strictly<Tensors extends object>(tensors: Partial<Tensors>): Tensors {
  return new Proxy(tensors, {
    get(target, name) {
      const tensor = Reflect.get(target, name);
      if (tensor === undefined && typeof name === 'string') throw missing(name);
      return tensor;
    },
  }) as Tensors;
}

/** A tensor that the layout must have. */
export function tensorOf<Name extends ColumnName>(
  batch: BatchTensors,
  name: Name,
): ColumnTensors[Name] {
  const tensor = batch[name];
  if (tensor === undefined) throw missing(name);
  return tensor as ColumnTensors[Name];
}

function missing(name: string): RangeError {
  return new RangeError(
    `The batch has no "${name}": nothing in the model's settings asks for it (data/columns.ts).`,
  );
}
