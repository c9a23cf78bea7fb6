import { transitionOffsetsOf } from '#lib/environment/augmented-shard.ts';
import { type CopiedFrom, copyActions, nearestOpen } from '#lib/evaluation/copied-actions.ts';
import type { TrainingPart } from '#lib/recommender/data/training-rows.ts';

/**
 * Gives each transition its nearest item neighbour to copy (`lea.actions` `neighbours`), where an environment would have
 * answered: no state, no reward, and for a chance the share of these actions that users take later.
 *
 * @param parts all of them, none answered
 */
export function copyNeighbours(
  parts: readonly TrainingPart[],
  data: Omit<CopiedFrom, 'shards'>,
): TrainingPart[] {
  const shards = parts.map(({ sequences }) => sequences);
  const from = { ...data, shards };
  const { actions, chance } = copyActions(from, nearestOpen(from));
  let next = 0;
  return shards.map((sequences) => {
    const { users, starts, offsets, items } = sequences;
    const transitionOffsets = transitionOffsetsOf(offsets);
    const transitions = transitionOffsets.at(-1)!;
    const own = actions.subarray(next, next + transitions);
    next += transitions;
    const candidateOffsets = new Int32Array(transitions + 1);
    own.forEach((action, at) => {
      candidateOffsets[at + 1] = candidateOffsets[at]! + (action === 0 ? 0 : 1);
    });
    const candidates = own.filter((action) => action !== 0);
    const none = () => new Float32Array(candidates.length);
    return {
      sequences,
      augmented: {
        users,
        starts,
        offsets,
        items,
        stateDimension: 1,
        states: new Uint16Array(items.length),
        transitionOffsets,
        rewards: new Float32Array(transitions),
        rewardSpreads: new Float32Array(transitions),
        candidateOffsets,
        candidates,
        candidateRewards: none(),
        candidateRewardSpreads: none(),
        candidateChances: none().fill(chance),
      },
    };
  });
}
