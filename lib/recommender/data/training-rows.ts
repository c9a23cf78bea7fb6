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

/**
 * Joins the shards of a run, one at a time, so that an iterable may read each only when it is due.
 *
 * @param parts in the order of their numbers
 * @param lea what the model uses of the LE; undefined reads nothing of it
 * @param counts occurrences of each item of the vocabulary in the training sequences, `[items]`
 * @throws ContractError if an index is not in the vocabulary, a reward is not finite, or an augmented shard is not that
 *   of its training shard
 */
export async function collectRows(
  parts: AsyncIterable<TrainingPart> | Iterable<TrainingPart>,
  lea: LeaSettings | undefined,
  counts: Int32Array,
): Promise<TrainingRows> {
  const collected: PartRows[] = [];
  const users = new Map<string, number>();
  let part = 0;
  for await (const { sequences, augmented } of parts) {
    checkItems(sequences.items, counts.length, part);
    checkFinite(`Training shard ${part}`, { rewards: sequences.rewards });
    if (augmented !== undefined) checkAnswer(sequences, augmented, part);
    collected.push({
      sequences,
      userNumbers: Int32Array.from(sequences.users, (user) => {
        const known = users.get(user);
        if (known !== undefined) return known;
        users.set(user, users.size);
        return users.size - 1;
      }),
      environment:
        lea === undefined || augmented === undefined ? undefined : reduce(augmented, lea),
    });
    part++;
  }
  return join(collected, lea, counts);
}

/** Memory that the thread which prepares batches shares. */
const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
const float32 = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
const float64 = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));

interface PartRows {
  readonly sequences: SequenceShard;
  readonly userNumbers: Int32Array;
  readonly environment: EnvironmentRows | undefined;
}

function join(
  parts: readonly PartRows[],
  lea: LeaSettings | undefined,
  counts: Int32Array,
): TrainingRows {
  const rows = parts.reduce((sum, part) => sum + part.sequences.users.length, 0);
  const values = parts.reduce((sum, part) => sum + part.sequences.items.length, 0);
  const joined = {
    rows,
    offsets: int32(rows + 1),
    items: int32(values),
    timestamps: float64(values),
    rewards: float32(values),
    starts: int32(rows),
  };
  const userNumbers = new Int32Array(rows);
  let row = 0;
  for (const { sequences, userNumbers: numbers } of parts) {
    const first = joined.offsets[row]!;
    joined.items.set(sequences.items, first);
    joined.timestamps.set(sequences.timestamps, first);
    joined.rewards.set(sequences.rewards, first);
    joined.starts.set(sequences.starts, row);
    userNumbers.set(numbers, row);
    for (let index = 0; index < numbers.length; index++) {
      joined.offsets[++row] = first + sequences.offsets[index + 1]!;
    }
  }
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
    continuations: findContinuations(joined.offsets, joined.starts, userNumbers),
    environment: lea && joinEnvironment(parts, values, rows, lea, counts),
  };
}

/** A row's continuation starts at its user's position of the row's last item. */
function findContinuations(
  offsets: Int32Array,
  starts: Int32Array,
  userNumbers: Int32Array,
): Int32Array {
  const byStart = new Map<string, number>();
  starts.forEach((start, row) => {
    if (start > 0) byStart.set(`${userNumbers[row]} ${start}`, row);
  });
  return Int32Array.from(starts, (start, row) => {
    const end = start + offsets[row + 1]! - offsets[row]! - 1;
    return end === start ? -1 : (byStart.get(`${userNumbers[row]} ${end}`) ?? -1);
  });
}

function joinEnvironment(
  parts: readonly PartRows[],
  values: number,
  rows: number,
  lea: LeaSettings,
  counts: Int32Array,
): EnvironmentRows | undefined {
  const answered = parts.flatMap((part) => part.environment ?? []);
  const first = answered[0];
  if (first === undefined) return undefined;
  const other = answered.find((answer) => answer.stateDimension !== first.stateDimension);
  if (other !== undefined) {
    throw new ContractError(
      `The augmented shards have states of ${first.stateDimension} and of ${other.stateDimension} numbers; one environment gives one length.`,
    );
  }
  const width = Math.max(...answered.map((answer) => answer.candidatesPerTransition));
  const transitions = values - rows;
  const joined: EnvironmentRows = {
    stateDimension: first.stateDimension,
    states: new Uint16Array(new SharedArrayBuffer(2 * values * first.stateDimension)),
    isAnswered: new Uint8Array(new SharedArrayBuffer(transitions)),
    rewards: float32(transitions),
    actions: int32(transitions),
    actionRewards: float32(transitions),
    actionWeights: float32(transitions),
    candidatesPerTransition: width,
    candidates: int32(transitions * width),
    candidateRewards: float32(transitions * width),
  };
  let value = 0;
  let transition = 0;
  for (const { sequences, environment } of parts) {
    const size = sequences.items.length - sequences.users.length;
    if (environment !== undefined) {
      joined.states.set(environment.states, value * first.stateDimension);
      joined.isAnswered.fill(1, transition, transition + size);
      joined.rewards.set(environment.rewards, transition);
      joined.actions.set(environment.actions, transition);
      joined.actionRewards.set(environment.actionRewards, transition);
      joined.actionWeights.set(environment.actionWeights, transition);
      const own = environment.candidatesPerTransition;
      for (let index = 0; index < size; index++) {
        const slice = [index * own, (index + 1) * own] as const;
        const at = (transition + index) * width;
        joined.candidates.set(environment.candidates.subarray(...slice), at);
        joined.candidateRewards.set(environment.candidateRewards.subarray(...slice), at);
      }
    }
    value += sequences.items.length;
    transition += size;
  }
  if (lea.actions !== 'reward') {
    const { actions, actionRewards: rewards, actionWeights: weights } = joined;
    limitShares({ actions, rewards, weights }, counts, lea.shareLimit);
  }
  return joined;
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
