import type { LeaSettings } from '#lib/contracts/config/training.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import { choosePositiveActions, limitShares } from '#lib/environment/positive-actions.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

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

/** The LE's answer for every row, reduced to what training uses. */
export interface EnvironmentRows {
  readonly stateDimension: number;
  /** float16 bits `[values, stateDimension]`; zeros where the LE gave no answer. */
  readonly states: Uint16Array;
  /** 1 for transitions of rows that the LE answered, `[transitions]`. */
  readonly isAnswered: Uint8Array;
  /** Pessimistic LE reward of the logged action, `[transitions]`. */
  readonly rewards: Float32Array;
  /** Augmented positive action, 0 for none, `[transitions]`. */
  readonly actions: Int32Array;
  /** Its reward, `[transitions]`. */
  readonly actionRewards: Float32Array;
  /** Its confidence, 0-1, `[transitions]`. */
  readonly actionWeights: Float32Array;
  /** Candidates a transition has at most. */
  readonly candidatesPerTransition: number;
  /** The LE's other candidates, padded with 0, `[transitions, candidatesPerTransition]`. */
  readonly candidates: Int32Array;
  /** Their pessimistic rewards. */
  readonly candidateRewards: Float32Array;
}

/** A training shard with the LE's answer to it; undefined if the answer is missing. */
export interface TrainingPart {
  readonly sequences: SequenceShard;
  readonly augmented: AugmentedShard | undefined;
}

/** How many rows, and items in them, the shards of a run have together, as its manifest says. */
export interface RowCounts {
  readonly rows: number;
  readonly values: number;
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
  const environment = lea && createEnvironmentRows(size);
  let part = 0;
  for await (const { sequences, augmented } of parts) {
    checkItems(sequences.items, counts.length, part);
    checkFinite(`Training shard ${part}`, { rewards: sequences.rewards });
    if (augmented !== undefined) checkAnswer(sequences, augmented, part);
    const at = rows.add(sequences);
    if (lea !== undefined && augmented !== undefined) environment?.add(reduce(augmented, lea), at);
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
    environment: lea && environment?.end(lea, counts),
  };
}

const sizeOf = (parts: readonly TrainingPart[]): RowCounts => ({
  rows: parts.reduce((sum, { sequences }) => sum + sequences.users.length, 0),
  values: parts.reduce((sum, { sequences }) => sum + sequences.items.length, 0),
});

/** Memory that the thread which prepares batches shares. */
const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
const float32 = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
const float64 = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));

/** Where a shard's rows begin among all. */
interface Place {
  readonly row: number;
  readonly value: number;
}

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

function createEnvironmentRows({ rows, values }: RowCounts) {
  const transitions = values - rows;
  let joined: EnvironmentRows | undefined;

  function open(stateDimension: number, width: number): EnvironmentRows {
    return {
      stateDimension,
      states: new Uint16Array(new SharedArrayBuffer(2 * values * stateDimension)),
      isAnswered: new Uint8Array(new SharedArrayBuffer(transitions)),
      rewards: float32(transitions),
      actions: int32(transitions),
      actionRewards: float32(transitions),
      actionWeights: float32(transitions),
      candidatesPerTransition: width,
      candidates: int32(transitions * width),
      candidateRewards: float32(transitions * width),
    };
  }

  return {
    add(environment: EnvironmentRows, { row, value }: Place): void {
      const { stateDimension, candidatesPerTransition: own, isAnswered } = environment;
      joined ??= open(stateDimension, own);
      if (joined.stateDimension !== stateDimension) {
        throw new ContractError(
          `The augmented shards have states of ${joined.stateDimension} and of ${stateDimension} numbers; one environment gives one length.`,
        );
      }
      if (own > joined.candidatesPerTransition) joined = widen(joined, transitions, own);
      const width = joined.candidatesPerTransition;
      // A row of `n` items has `n - 1` transitions.
      const transition = value - row;
      const size = isAnswered.length;
      joined.states.set(environment.states, value * stateDimension);
      joined.isAnswered.fill(1, transition, transition + size);
      joined.rewards.set(environment.rewards, transition);
      joined.actions.set(environment.actions, transition);
      joined.actionRewards.set(environment.actionRewards, transition);
      joined.actionWeights.set(environment.actionWeights, transition);
      for (let index = 0; index < size; index++) {
        const slice = [index * own, (index + 1) * own] as const;
        const at = (transition + index) * width;
        joined.candidates.set(environment.candidates.subarray(...slice), at);
        joined.candidateRewards.set(environment.candidateRewards.subarray(...slice), at);
      }
    },
    /** Undefined where the LE answered nothing. */
    end(lea: LeaSettings, counts: Int32Array): EnvironmentRows | undefined {
      if (joined !== undefined && lea.actions !== 'reward') {
        const { actions, actionRewards: rewards, actionWeights: weights } = joined;
        limitShares({ actions, rewards, weights }, counts, lea.shareLimit);
      }
      return joined;
    },
  };
}

/** The same with room for more candidates. */
function widen(rows: EnvironmentRows, transitions: number, width: number): EnvironmentRows {
  const candidates = int32(transitions * width);
  const candidateRewards = float32(transitions * width);
  const before = rows.candidatesPerTransition;
  for (let transition = 0; transition < transitions; transition++) {
    const slice = [transition * before, (transition + 1) * before] as const;
    candidates.set(rows.candidates.subarray(...slice), transition * width);
    candidateRewards.set(rows.candidateRewards.subarray(...slice), transition * width);
  }
  return { ...rows, candidatesPerTransition: width, candidates, candidateRewards };
}

/** Chooses the augmented actions of one shard and keeps the other candidates with their rewards. */
function reduce(shard: AugmentedShard, lea: LeaSettings): EnvironmentRows {
  const chosen = choosePositiveActions(shard, lea);
  const transitions = shard.rewards.length;
  let width = 0;
  for (let transition = 0; transition < transitions; transition++) {
    const size = shard.candidateOffsets[transition + 1]! - shard.candidateOffsets[transition]!;
    width = Math.max(width, size);
  }
  const candidates = new Int32Array(transitions * width);
  const candidateRewards = new Float32Array(transitions * width);
  for (let transition = 0; transition < transitions; transition++) {
    let at = transition * width;
    const end = shard.candidateOffsets[transition + 1]!;
    for (let index = shard.candidateOffsets[transition]!; index < end; index++) {
      if (shard.candidates[index] === chosen.actions[transition]) continue;
      candidates[at] = shard.candidates[index]!;
      candidateRewards[at] =
        shard.candidateRewards[index]! -
        lea.uncertaintyPenalty * shard.candidateRewardSpreads[index]!;
      at++;
    }
  }
  return {
    stateDimension: shard.stateDimension,
    states: shard.states,
    isAnswered: new Uint8Array(transitions).fill(1),
    rewards: shard.rewards.map(
      (reward, index) => reward - lea.uncertaintyPenalty * shard.rewardSpreads[index]!,
    ),
    actions: chosen.actions,
    actionRewards: chosen.rewards,
    actionWeights: chosen.weights,
    candidatesPerTransition: width,
    candidates,
    candidateRewards,
  };
}

function checkItems(values: Int32Array, items: number, part: number): void {
  const wrong = values.find((item) => item > items);
  if (wrong !== undefined) {
    throw new ContractError(
      `Training shard ${part}: item index ${wrong} is not in the vocabulary of ${items} items.`,
    );
  }
}

/** One number that is none would make every weight of the model none within a step. */
function checkFinite(where: string, columns: Readonly<Record<string, Float32Array>>): void {
  for (const [name, values] of Object.entries(columns)) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at === -1) continue;
    throw new ContractError(`${where}: value ${at} of "${name}" is ${values[at]}, not a number.`);
  }
}

function checkAnswer(sequences: SequenceShard, augmented: AugmentedShard, part: number): void {
  checkSameRows(sequences, augmented, part);
  const { rewards, rewardSpreads, candidateRewards, candidateRewardSpreads, candidateChances } =
    augmented;
  checkFinite(`Augmented shard ${part}`, {
    rewards,
    rewardSpreads,
    candidateRewards,
    candidateRewardSpreads,
    candidateChances,
  });
  // The largest exponent of a float16 stands for infinity and for what is no number.
  const at = augmented.states.findIndex((bits) => (bits & 0x7c00) === 0x7c00);
  if (at !== -1)
    throw new ContractError(`Augmented shard ${part}: state number ${at} is not finite.`);
}

/** An augmented shard repeats its training shard's rows; anything else belongs to another run. */
function checkSameRows(sequences: SequenceShard, augmented: AugmentedShard, part: number): void {
  const isSame =
    sequences.users.length === augmented.users.length &&
    sequences.items.length === augmented.items.length &&
    sequences.users.every((user, row) => user === augmented.users[row]) &&
    sequences.starts.every((start, row) => start === augmented.starts[row]) &&
    sequences.items.every((item, index) => item === augmented.items[index]);
  if (!isSame) {
    throw new ContractError(
      `Augmented shard ${part} does not repeat the rows of training shard ${part}; it belongs to other sequences. Augment again.`,
    );
  }
}
