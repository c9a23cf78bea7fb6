import { decodeColumns, expectSameLengths } from '#lib/columns/arrow-reading.ts';
import {
  encodeColumns,
  float32Values,
  float64Values,
  int32Column,
  int32Values,
  listColumn,
  utf8Column,
} from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';

/**
 * Rows of training sequences (docs/contracts.md, 3), values of all rows one after the other: row `r` is the values
 * `offsets[r]` to `offsets[r + 1] - 1` of `items`, `timestamps` and `rewards`.
 */
export interface SequenceShard {
  /** User id of each row, `[rows]`; a long history is several rows of one user. */
  readonly users: readonly string[];
  /** Position of the row's first item in the user's training history, `[rows]`. */
  readonly starts: Int32Array;
  /** `[rows + 1]`, from 0, strictly ascending. */
  readonly offsets: Int32Array;
  /** Item indices (1 to the number of items) in time order, `[values]`. */
  readonly items: Int32Array;
  /** Unix seconds, `[values]`. */
  readonly timestamps: Float64Array;
  /** Base reward (0-1) of each action, `[values]`. */
  readonly rewards: Float32Array;
}

/** Writes a shard as an Arrow IPC stream of one record batch. */
export function encodeSequenceShard(shard: SequenceShard): Uint8Array {
  return encodeColumns([
    utf8Column('user_id', shard.users),
    int32Column('start', shard.starts),
    listColumn('items', shard.offsets, int32Values(shard.items)),
    listColumn('timestamps', shard.offsets, float64Values(shard.timestamps)),
    listColumn('rewards', shard.offsets, float32Values(shard.rewards)),
  ]);
}

/**
 * Reads a shard; the arrays may be views of `bytes`.
 *
 * @throws ContractError naming the column and row that do not follow the contract
 */
export function decodeSequenceShard(bytes: Uint8Array): SequenceShard {
  const what = 'the training shard';
  const columns = decodeColumns(bytes, what);
  const items = columns.column('items').list();
  const timestamps = columns.column('timestamps').list();
  const rewards = columns.column('rewards').list();
  expectSameLengths(what, ['items', items.offsets], ['timestamps', timestamps.offsets]);
  expectSameLengths(what, ['items', items.offsets], ['rewards', rewards.offsets]);
  const indices = items.values.int32();
  expectItems(what, 'items', items.offsets, indices, 1);
  return {
    users: columns.column('user_id').strings(),
    starts: columns.column('start').int32(),
    offsets: items.offsets,
    items: indices,
    timestamps: timestamps.values.float64(),
    rewards: rewards.values.float32(),
  };
}

/** Every row has at least `minimumLength` items and every item index is 1 or more (0 is padding). */
export function expectItems(
  what: string,
  column: string,
  offsets: Int32Array,
  items: Int32Array,
  minimumLength: number,
): void {
  for (let row = 0; row + 1 < offsets.length; row++) {
    if (offsets[row + 1]! - offsets[row]! < minimumLength) {
      throw new ContractError(
        `${what}: row ${row}, column "${column}" has ${offsets[row + 1]! - offsets[row]!} items, at least ${minimumLength} expected.`,
      );
    }
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      if (items[at]! < 1) {
        throw new ContractError(
          `${what}: row ${row}, column "${column}": ${items[at]} is no item index (1 and up).`,
        );
      }
    }
  }
}
