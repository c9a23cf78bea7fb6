import type { AugmentedShard } from './augmented-shard.ts';

/** Augmented positive actions, one place per transition. */
export interface PositiveActions {
  /** Item index, 0 where no candidate is good enough, `[transitions]`. */
  readonly actions: Int32Array;
  /** Its reward `mean - uncertaintyPenalty * spread`, 0 where there is none, `[transitions]`. */
  readonly rewards: Float32Array;
  /** Confidence in the choice, 0-1, the factor of its loss; 0 where there is none, `[transitions]`. */
  readonly weights: Float32Array;
}

/**
 * Picks for each transition the candidate that the LE likes best, `argmax_a mean(a) - uncertaintyPenalty * spread(a)`
 * (the pessimistic reward of UP-RLHF, https://arxiv.org/html/2401.00243v1), and keeps it only if it is clearly ahead:
 * its margin over the next candidate must exceed `minimumMargin` times the spread of their difference,
 * `sqrt(spread_1^2 + spread_2^2)`. The weight is `sigmoid(margin / spread)` in the same unit, 0.5 for a tie and near 1
 * for a certain winner. A lone candidate has no rival and competes with the reward 0 that a sampled negative has on
 * average. A tie goes to the smaller item index, so that the order of candidates does not matter.
 *
 * @param options `minimumMargin` in spreads; 0 keeps every best candidate whose margin is not negative
 */
export function choosePositiveActions(
  shard: Pick<
    AugmentedShard,
    'candidateOffsets' | 'candidates' | 'candidateRewards' | 'candidateRewardSpreads'
  >,
  options: { readonly minimumMargin: number; readonly uncertaintyPenalty: number },
): PositiveActions {
  const { candidateOffsets, candidates, candidateRewards, candidateRewardSpreads } = shard;
  const transitions = candidateOffsets.length - 1;
  const actions = new Int32Array(transitions);
  const rewards = new Float32Array(transitions);
  const weights = new Float32Array(transitions);
  const pessimistic = (index: number) =>
    candidateRewards[index]! - options.uncertaintyPenalty * candidateRewardSpreads[index]!;
  for (let transition = 0; transition < transitions; transition++) {
    let best = -1;
    let bestReward = Number.NEGATIVE_INFINITY;
    let next = -1;
    let nextReward = Number.NEGATIVE_INFINITY;
    for (
      let index = candidateOffsets[transition]!;
      index < candidateOffsets[transition + 1]!;
      index++
    ) {
      const reward = pessimistic(index);
      const isAhead = (rival: number, rivalReward: number) =>
        reward > rivalReward || (reward === rivalReward && candidates[index]! < candidates[rival]!);
      if (best === -1 || isAhead(best, bestReward)) {
        next = best;
        nextReward = bestReward;
        best = index;
        bestReward = reward;
      } else if (next === -1 || isAhead(next, nextReward)) {
        next = index;
        nextReward = reward;
      }
    }
    if (best === -1) continue;
    const margin = bestReward - (next === -1 ? 0 : nextReward);
    const spread = Math.hypot(
      candidateRewardSpreads[best]!,
      next === -1 ? 0 : candidateRewardSpreads[next]!,
    );
    const isKept =
      options.minimumMargin === 0 ? margin >= 0 : margin > options.minimumMargin * spread;
    if (!isKept) continue;
    actions[transition] = candidates[best]!;
    rewards[transition] = bestReward;
    weights[transition] = confidence(margin, spread);
  }
  return { actions, rewards, weights };
}

/** `sigmoid(margin / spread)`; certain (1) for a margin without any spread, undecided (0.5) without either. */
function confidence(margin: number, spread: number): number {
  if (spread === 0) return margin > 0 ? 1 : 0.5;
  return 1 / (1 + Math.exp(-margin / spread));
}
