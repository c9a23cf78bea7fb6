import type { LeaSettings } from '#lib/contracts/config/training.ts';
import type { AugmentedShard } from './augmented-shard.ts';

/** Augmented positive actions, one place per transition. */
export interface PositiveActions {
  /** Item index, 0 where no candidate is good enough, `[transitions]`. */
  readonly actions: Int32Array;
  /** Its reward `mean - uncertaintyPenalty * spread`, 0 where there is none, `[transitions]`. */
  readonly rewards: Float32Array;
  /** Confidence in the action, 0-1, the factor of its loss; 0 where there is none, `[transitions]`. */
  readonly weights: Float32Array;
}

/** The LE's candidates of a shard, as far as choosing among them needs. */
export type Candidates = Pick<
  AugmentedShard,
  | 'candidateOffsets'
  | 'candidates'
  | 'candidateRewards'
  | 'candidateRewardSpreads'
  | 'candidateChances'
>;

/** How augmented positive actions are chosen: as in `lea` of a model. */
export type ActionSettings = Pick<LeaSettings, 'actions' | 'minimumMargin' | 'uncertaintyPenalty'>;

/** Picks an augmented positive action for each transition, or none. */
export function choosePositiveActions(
  shard: Candidates,
  settings: ActionSettings,
): PositiveActions {
  return settings.actions === 'reward'
    ? chooseByReward(shard, settings)
    : chooseByChance(shard, settings);
}

/**
 * The candidate that the user takes later with the greatest chance, weighted by that chance; none where no candidate has a
 * higher one than the most popular item. A tie goes to the smaller item index.
 */
function chooseByChance(shard: Candidates, settings: ActionSettings): PositiveActions {
  const { candidateOffsets, candidates, candidateChances } = shard;
  const chosen = noActions(candidateOffsets.length - 1);
  for (let transition = 0; transition < chosen.actions.length; transition++) {
    let best = -1;
    const end = candidateOffsets[transition + 1]!;
    for (let index = candidateOffsets[transition]!; index < end; index++) {
      const chance = candidateChances[index]!;
      if (chance === 0) continue;
      const isAhead =
        best === -1 ||
        chance > candidateChances[best]! ||
        (chance === candidateChances[best]! && candidates[index]! < candidates[best]!);
      if (isAhead) best = index;
    }
    if (best === -1) continue;
    chosen.actions[transition] = candidates[best]!;
    chosen.rewards[transition] = pessimisticReward(shard, settings, best);
    chosen.weights[transition] = candidateChances[best]!;
  }
  return chosen;
}

/**
 * Takes actions away where an item has more than `limit` times its share of the training actions among the augmented ones,
 * so that copying does not narrow what is learned to a few items; those with the greatest weight stay, of equal ones the
 * earlier.
 *
 * @param chosen of all transitions; changed in place
 * @param counts occurrences of each item in the training sequences, `[items]`
 */
export function limitShares(chosen: PositiveActions, counts: Int32Array, limit: number): void {
  const { actions, rewards, weights } = chosen;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const byItem = new Map<number, number[]>();
  actions.forEach((action, transition) => {
    if (action === 0) return;
    const places = byItem.get(action);
    if (places === undefined) byItem.set(action, [transition]);
    else places.push(transition);
  });
  const kept = [...byItem.values()].reduce((sum, places) => sum + places.length, 0);
  for (const [action, places] of byItem) {
    const allowed = Math.max(
      1,
      Math.floor((limit * kept * counts[action - 1]!) / Math.max(1, total)),
    );
    if (places.length <= allowed) continue;
    places.sort((a, b) => weights[b]! - weights[a]! || a - b);
    for (const transition of places.slice(allowed)) {
      actions[transition] = 0;
      rewards[transition] = 0;
      weights[transition] = 0;
    }
  }
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
function chooseByReward(shard: Candidates, options: ActionSettings): PositiveActions {
  const { candidateOffsets, candidates, candidateRewardSpreads } = shard;
  const transitions = candidateOffsets.length - 1;
  const { actions, rewards, weights } = noActions(transitions);
  const pessimistic = (index: number) => pessimisticReward(shard, options, index);
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

function noActions(transitions: number): PositiveActions {
  return {
    actions: new Int32Array(transitions),
    rewards: new Float32Array(transitions),
    weights: new Float32Array(transitions),
  };
}

function pessimisticReward(
  { candidateRewards, candidateRewardSpreads }: Candidates,
  { uncertaintyPenalty }: ActionSettings,
  index: number,
): number {
  return candidateRewards[index]! - uncertaintyPenalty * candidateRewardSpreads[index]!;
}

/** `sigmoid(margin / spread)`; certain (1) for a margin without any spread, undecided (0.5) without either. */
function confidence(margin: number, spread: number): number {
  if (spread === 0) return margin > 0 ? 1 : 0.5;
  return 1 / (1 + Math.exp(-margin / spread));
}
