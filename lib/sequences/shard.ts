import { ContractError } from '#lib/contracts/errors.ts';
import { decodeColumns, expectSameLengths } from './arrow-reading.ts';
import {
  encodeColumns,
  float32Values,
  float64Values,
  int32Column,
  int32Values,
  listColumn,
  utf8Column,
} from './arrow-writing.ts';

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
  expectItems(what, items.offsets, indices, 1);
  return {
    users: columns.column('user_id').strings(),
    starts: columns.column('start').int32(),
    offsets: items.offsets,
    items: indices,
    timestamps: timestamps.values.float64(),
    rewards: rewards.values.float32(),
  };
}

/** Held-out actions with their histories (docs/contracts.md, 3), in the order in which ranks are reported. */
export interface EvaluationCases {
  /** `[cases]`; a user may have several cases. */
  readonly users: readonly string[];
  /** `[cases + 1]`: case `c` has the history `items[offsets[c]]` to `items[offsets[c + 1] - 1]`, possibly empty. */
  readonly offsets: Int32Array;
  /** Item indices in time order, at most `window` a case. */
  readonly items: Int32Array;
  /** Item index of the held-out action, `[cases]`. */
  readonly targets: Int32Array;
}

/** Writes evaluation cases as an Arrow IPC stream of one record batch. */
export function encodeEvaluationCases(cases: EvaluationCases): Uint8Array {
  return encodeColumns([
    utf8Column('user_id', cases.users),
    listColumn('items', cases.offsets, int32Values(cases.items)),
    int32Column('target', cases.targets),
  ]);
}

/**
 * Reads evaluation cases; the arrays may be views of `bytes`.
 *
 * @throws ContractError naming the column and row that do not follow the contract
 */
export function decodeEvaluationCases(bytes: Uint8Array): EvaluationCases {
  const what = 'the evaluation cases';
  const columns = decodeColumns(bytes, what);
  const items = columns.column('items').list();
  const indices = items.values.int32();
  expectItems(what, items.offsets, indices, 0);
  const targets = columns.column('target').int32();
  const wrong = targets.findIndex((target) => target < 1);
  if (wrong !== -1) {
    throw new ContractError(
      `${what}: row ${wrong}, column "target": ${targets[wrong]} is no item index (1 and up).`,
    );
  }
  return {
    users: columns.column('user_id').strings(),
    offsets: items.offsets,
    items: indices,
    targets,
  };
}

/** Every row has at least `minimumLength` items and every item index is 1 or more (0 is padding). */
function expectItems(
  what: string,
  offsets: Int32Array,
  items: Int32Array,
  minimumLength: number,
): void {
  for (let row = 0; row + 1 < offsets.length; row++) {
    if (offsets[row + 1]! - offsets[row]! < minimumLength) {
      throw new ContractError(
        `${what}: row ${row}, column "items" has ${offsets[row + 1]! - offsets[row]!} items, at least ${minimumLength} expected.`,
      );
    }
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      if (items[at]! < 1) {
        throw new ContractError(
          `${what}: row ${row}, column "items": ${items[at]} is no item index (1 and up).`,
        );
      }
    }
  }
}
