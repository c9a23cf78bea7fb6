import type { LeaSettings } from '#lib/contracts/config/training.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { createEnvironmentRows, type EnvironmentRows } from './environment-rows.ts';
import type { Place, RowCounts } from './row-counts.ts';
import { checkAnswer, checkFinite, checkItems } from './shard-checks.ts';
import { float32, float64, int32 } from './shared-arrays.ts';

/**
 * All training rows of a run. Row `r` has the items `items[offsets[r]]` to `items[offsets[r + 1] - 1]`; its transition
 * `t` (from the state after item `t` to item `t + 1`) is number `offsets[r] - r + t`.
 */
export interface TrainingRows {
  /** Number of rows. */
  readonly rows: number;
  /** `[rows + 1]` */
  readonly offsets: Int32Array;
  /** Item indices, `[values]`. */
  readonly items: Int32Array;
  /** When each was taken, Unix seconds, `[values]`. */
  readonly timestamps: Float64Array;
  /** Base reward of each item as an action, `[values]`. */
  readonly rewards: Float32Array;
  /** Position of each row's first item in its user's training history, `[rows]`. */
  readonly starts: Int32Array;
  /** The row that continues the history, -1 at its end, `[rows]`. */
  readonly continuations: Int32Array;
  /** Occurrences of each item in the training sequences, `[items]`. */
  readonly counts: Int32Array;
  /** The same as a share of all actions, `[items]`. */
  readonly propensities: Float32Array;
  /** Items of the longest training history. */
  readonly longestHistory: number;
  /** What the LE says of the rows; undefined when nothing uses it. */
  readonly environment: EnvironmentRows | undefined;
}

/** A training shard with the LE's answer to it; undefined if the answer is missing. */
export interface TrainingPart {
  readonly sequences: SequenceShard;
  readonly augmented: AugmentedShard | undefined;
}

/**
 * Joins the shards of a run, one at a time, so that an iterable may read each only when it is due: with `size`, there is never
 * more in memory than the rows themselves and one shard.
 *
 * @param parts in the order of their numbers, a user's rows behind each other in time order
 * @param lea what the model uses of the LE; undefined reads nothing of it
 * @param counts occurrences of each item of the vocabulary in the training sequences, `[items]`
 * @param size of all parts together. @default - counted, with all parts in memory
 * @throws ContractError if an index is not in the vocabulary, a reward is not finite, an augmented shard is not that of its
 *   training shard, or there are other rows than `size` says
 */
export async function collectRows(
  parts: AsyncIterable<TrainingPart> | Iterable<TrainingPart>,
  lea: LeaSettings | undefined,
  counts: Int32Array,
  size?: RowCounts,
): Promise<TrainingRows> {
  if (size === undefined) {
    const all: TrainingPart[] = [];
    for await (const part of parts) all.push(part);
    return collectRows(all, lea, counts, sizeOf(all));
  }
  const rows = createRows(size);
  const environment = lea && createEnvironmentRows(lea, size);
  let part = 0;
  for await (const { sequences, augmented } of parts) {
    checkItems(sequences.items, counts.length, part);
    checkFinite(`Training shard ${part}`, { rewards: sequences.rewards });
    if (augmented !== undefined) checkAnswer(sequences, augmented, part);
    const at = rows.add(sequences);
    if (augmented !== undefined) environment?.add(augmented, at);
    part++;
  }
  const joined = rows.end();
  const actions = Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
  return {
    ...joined,
    counts,
    propensities: Float32Array.from(counts, (count) => count / actions),
    longestHistory: joined.starts.reduce(
      (longest, start, index) =>
        Math.max(longest, start + joined.offsets[index + 1]! - joined.offsets[index]!),
      1,
    ),
    environment: environment?.end(counts),
  };
}

const sizeOf = (parts: readonly TrainingPart[]): RowCounts => ({
  rows: parts.reduce((sum, { sequences }) => sum + sequences.users.length, 0),
  values: parts.reduce((sum, { sequences }) => sum + sequences.items.length, 0),
});

function createRows({ rows, values }: RowCounts) {
  const joined = {
    rows,
    offsets: int32(rows + 1),
    items: int32(values),
    timestamps: float64(values),
    rewards: float32(values),
    starts: int32(rows),
    continuations: new Int32Array(rows).fill(-1),
  };
  let row = 0;
  let value = 0;
  let user: string | undefined;
  return {
    /** @returns where its rows are now */
    add({ users, starts, offsets, items, timestamps, rewards }: SequenceShard): Place {
      const place = { row, value };
      expectRoom(row + users.length <= rows && value + items.length <= values);
      joined.items.set(items, value);
      joined.timestamps.set(timestamps, value);
      joined.rewards.set(rewards, value);
      joined.starts.set(starts, row);
      for (const [index, own] of users.entries()) {
        // A row that continues the one before it begins with that one's last item.
        if (starts[index]! > 0) {
          if (own !== user || starts[index] !== lastPlace(row - 1)) {
            throw new ContractError(
              `Row ${row} of the training shards does not continue the row before it: a user's rows must lie behind each other, the oldest first. Begin a run of another name.`,
            );
          }
          joined.continuations[row - 1] = row;
        }
        user = own;
        joined.offsets[++row] = value + offsets[index + 1]!;
      }
      value += items.length;
      return place;
    },
    end() {
      expectRoom(row === rows && value === values);
      return joined;
    },
  };

  /** Position of a row's last item in its user's history. */
  function lastPlace(before: number): number {
    return joined.starts[before]! + joined.offsets[before + 1]! - joined.offsets[before]! - 1;
  }
}

function expectRoom(fits: boolean): void {
  if (fits) return;
  throw new ContractError(
    'The training shards have other rows than their manifest says: they are not of one build. Begin a run of another name.',
  );
}
