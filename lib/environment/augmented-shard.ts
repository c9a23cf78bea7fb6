import { type Columns, decodeColumns, expectSameLengths } from '#lib/columns/arrow-reading.ts';
import {
  encodeColumns,
  float16Vectors,
  float32Values,
  int32Column,
  int32Values,
  listColumn,
  listValues,
  utf8Column,
} from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';

/** What the LE answers for the rows of a shard (docs/contracts.md, 4), all rows one after the other. */
export interface EnvironmentColumns {
  /** Length of a state vector. */
  readonly stateDimension: number;
  /** float16 bits, `[values, stateDimension]`: the state after each item. */
  readonly states: Uint16Array;
  /** `[rows + 1]`: row `r` has the transitions `transitionOffsets[r]` to `transitionOffsets[r + 1] - 1`. */
  readonly transitionOffsets: Int32Array;
  /** Calibrated reward of the logged next action, `[transitions]`. */
  readonly rewards: Float32Array;
  /** Standard deviation of that reward over the ensemble's heads, `[transitions]`. */
  readonly rewardSpreads: Float32Array;
  /** `[transitions + 1]`: where each transition's candidates begin. */
  readonly candidateOffsets: Int32Array;
  /** Item indices, never the logged next item, no repeats within a transition. */
  readonly candidates: Int32Array;
  /** Calibrated reward of each candidate. */
  readonly candidateRewards: Float32Array;
  readonly candidateRewardSpreads: Float32Array;
  /**
   * Chance (0-1) that the user takes the candidate later than the next action; 0 unless it is 1.2 times that of the
   * most popular item that the user has not taken.
   */
  readonly candidateChances: Float32Array;
}

/**
 * A training shard with the LE's answer (docs/contracts.md, 5). Row `r` has `n = offsets[r + 1] - offsets[r]` items
 * and `n - 1` transitions; transition `t` leads from the state after item `t` to item `t + 1` of the row.
 */
export interface AugmentedShard extends EnvironmentColumns {
  /** User id of each row, `[rows]`. */
  readonly users: readonly string[];
  /** Position of the row's first item in the user's training history, `[rows]`. */
  readonly starts: Int32Array;
  /** `[rows + 1]`: where each row begins in `items` (and in `states`, counted in vectors). */
  readonly offsets: Int32Array;
  /** Item indices in time order, `[values]`. */
  readonly items: Int32Array;
}

/** Writes an augmented shard as an Arrow IPC stream of one record batch. */
export function encodeAugmentedShard(shard: AugmentedShard): Uint8Array {
  const { offsets, transitionOffsets, candidateOffsets } = shard;
  const perCandidate = (values: Parameters<typeof listValues>[1]) =>
    listValues(candidateOffsets, values); // [transitions, K]
  return encodeColumns([
    utf8Column('user_id', shard.users),
    int32Column('start', shard.starts),
    listColumn('items', offsets, int32Values(shard.items)),
    listColumn('states', offsets, float16Vectors(shard.states, shard.stateDimension)),
    listColumn('rewards', transitionOffsets, float32Values(shard.rewards)),
    listColumn('rewardSpreads', transitionOffsets, float32Values(shard.rewardSpreads)),
    listColumn('candidates', transitionOffsets, perCandidate(int32Values(shard.candidates))),
    listColumn(
      'candidateRewards',
      transitionOffsets,
      perCandidate(float32Values(shard.candidateRewards)),
    ),
    listColumn(
      'candidateRewardSpreads',
      transitionOffsets,
      perCandidate(float32Values(shard.candidateRewardSpreads)),
    ),
    listColumn(
      'candidateChances',
      transitionOffsets,
      perCandidate(float32Values(shard.candidateChances)),
    ),
  ]);
}

/**
 * Reads an augmented shard; the arrays may be views of `bytes`.
 *
 * @throws ContractError naming the column and row that do not follow the contract
 */
export function decodeAugmentedShard(bytes: Uint8Array): AugmentedShard {
  const what = 'the augmented shard';
  const columns = decodeColumns(bytes, what);
  const items = columns.column('items').list();
  return {
    users: columns.column('user_id').strings(),
    starts: columns.column('start').int32(),
    offsets: items.offsets,
    items: items.values.int32(),
    ...readEnvironmentColumns(columns, items.offsets, what),
  };
}

/**
 * Reads the LE's seven columns and checks that their lists fit rows of the given lengths.
 *
 * @param offsets where each row's items begin, `[rows + 1]`
 * @param what the stream's role, for messages
 * @throws ContractError naming the column and row that do not fit
 */
export function readEnvironmentColumns(
  columns: Columns,
  offsets: Int32Array,
  what: string,
): EnvironmentColumns {
  const states = columns.column('states').list();
  const rewards = columns.column('rewards').list();
  const rewardSpreads = columns.column('rewardSpreads').list();
  const candidates = columns.column('candidates').list();
  const candidateRewards = columns.column('candidateRewards').list();
  const candidateRewardSpreads = columns.column('candidateRewardSpreads').list();
  const candidateChances = columns.column('candidateChances').list();
  if (states.offsets.length !== offsets.length) {
    throw new ContractError(
      `${what} has ${states.offsets.length - 1} rows, expected ${offsets.length - 1}.`,
    );
  }
  expectSameLengths(what, ['items', offsets], ['states', states.offsets]);
  const expected = transitionOffsetsOf(offsets);
  for (const [name, list] of [
    ['rewards', rewards],
    ['rewardSpreads', rewardSpreads],
    ['candidates', candidates],
    ['candidateRewards', candidateRewards],
    ['candidateRewardSpreads', candidateRewardSpreads],
    ['candidateChances', candidateChances],
  ] as const) {
    expectSameLengths(what, ['transitions (items - 1)', expected], [name, list.offsets]);
  }
  const candidateLists = candidates.values.list();
  for (const [name, list] of [
    ['candidateRewards', candidateRewards.values.list()],
    ['candidateRewardSpreads', candidateRewardSpreads.values.list()],
    ['candidateChances', candidateChances.values.list()],
  ] as const) {
    expectSameLengths(
      `${what}, lists by transition`,
      ['candidates', candidateLists.offsets],
      [name, list.offsets],
    );
  }
  const vectors = states.values.vectors();
  return {
    stateDimension: vectors.dimension,
    states: vectors.values.float16(),
    transitionOffsets: expected,
    rewards: rewards.values.float32(),
    rewardSpreads: rewardSpreads.values.float32(),
    candidateOffsets: candidateLists.offsets,
    candidates: candidateLists.values.int32(),
    candidateRewards: candidateRewards.values.list().values.float32(),
    candidateRewardSpreads: candidateRewardSpreads.values.list().values.float32(),
    candidateChances: candidateChances.values.list().values.float32(),
  };
}

/** Offsets of the transitions of rows: a row of `n >= 1` items has `n - 1`. */
export function transitionOffsetsOf(offsets: Int32Array): Int32Array {
  const transitions = new Int32Array(offsets.length); // [rows + 1]
  for (let row = 0; row + 1 < offsets.length; row++) {
    transitions[row + 1] = transitions[row]! + Math.max(0, offsets[row + 1]! - offsets[row]! - 1);
  }
  return transitions;
}
