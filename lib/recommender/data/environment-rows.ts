import type { LeaSettings } from '#lib/contracts/config/training.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import { choosePositiveActions, limitShares } from '#lib/environment/positive-actions.ts';
import type { Place, RowCounts } from './row-counts.ts';
import { float32, int32, uint8, uint16 } from './shared-arrays.ts';

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

/**
 * Joins the LE's answers to the shards of a run, one at a time.
 *
 * @param lea what the model uses of them
 * @param rows of all shards together, and `values` items in them
 */
export function createEnvironmentRows(lea: LeaSettings, { rows, values }: RowCounts) {
  const transitions = values - rows;
  let joined: EnvironmentRows | undefined;

  function open(stateDimension: number, width: number): EnvironmentRows {
    return {
      stateDimension,
      states: uint16(values * stateDimension),
      isAnswered: uint8(transitions),
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
    /** @throws ContractError if its states have another length than those before */
    add(shard: AugmentedShard, { row, value }: Place): void {
      const environment = reduce(shard, lea);
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
    end(counts: Int32Array): EnvironmentRows | undefined {
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
