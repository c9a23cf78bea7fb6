import type { LeaSettings } from '#lib/contracts/config/training.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import { type CopiedFrom, nearestOpen } from '#lib/evaluation/copied-actions.ts';
import { float16Bits } from '#lib/recommender/data/float16.ts';
import { type RandomStream, randomStream } from '#lib/recommender/random.ts';
import {
  drawnByPopularity,
  drawnUniformly,
  permuteActions,
  replaceActions,
} from './control-actions.ts';
import { meanOf, permutation, total } from './control-values.ts';

/**
 * What an environment's answers are replaced by, a part at a time. An environment that is worth its price beats every one of
 * them: each has what is cheap of the answers (how rewards are spread, which actions are frequent) without what they say of
 * the user.
 */
export const controlNames = [
  /** Rewards of logged actions are dealt out anew among all transitions, those of candidates among all candidates. */
  'rewards-permuted',
  /** Every logged action has their mean, every candidate theirs. */
  'rewards-constant',
  /** Every state is that of another place. */
  'states-permuted',
  /** The candidates of a transition, with their chances and rewards, are those of another one. */
  'actions-permuted',
  /** The nearest neighbour (item-kNN) that is not in the history, after every item. */
  'actions-neighbours',
  /** An item drawn as often as it is taken, not in the history, after every item. */
  'actions-popular',
  /** Rewards, states and actions are permuted, all of them. */
  'environment-permuted',
  /** Rewards and states are drawn (rewards with the mean and deviation of the logged ones), actions are drawn uniformly. */
  'environment-random',
] as const;

export type ControlName = (typeof controlNames)[number];

/** Whether a model reads what a control replaces: one that does not is the same with it, bit for bit. */
export function isControlled(control: ControlName, lea: LeaSettings | undefined): boolean {
  if (lea === undefined) return false;
  const copies = lea.augmentedWeight > 0;
  if (control === 'environment-permuted' || control === 'environment-random') {
    const partsOf = ['rewards-permuted', 'states-permuted', 'actions-permuted'] as const;
    return partsOf.some((part) => isControlled(part, lea));
  }
  if (control === 'states-permuted') return lea.state !== 'off' || lea.stateWeight > 0;
  if (control === 'rewards-permuted' || control === 'rewards-constant') {
    return lea.reward !== 'off' || (copies && lea.actions === 'reward');
  }
  return copies || lea.reward === 'all';
}

/**
 * The answers with a part of them replaced. What is drawn depends on seed and control alone.
 *
 * @param answers to `data.shards`, in their order
 */
export function applyControl(
  control: ControlName,
  answers: readonly AugmentedShard[],
  data: CopiedFrom,
  seed: number,
): AugmentedShard[] {
  const random = randomStream(seed, control);
  switch (control) {
    case 'rewards-permuted':
      return permuteRewards(answers, random);
    case 'rewards-constant':
      return evenRewards(answers);
    case 'states-permuted':
      return permuteStates(answers, random);
    case 'actions-permuted':
      return permuteActions(answers, data, random);
    case 'actions-neighbours':
      return replaceActions(answers, data, nearestOpen(data));
    case 'actions-popular':
      return replaceActions(answers, data, drawnByPopularity(data, random));
    case 'environment-permuted':
      return (['rewards-permuted', 'states-permuted', 'actions-permuted'] as const).reduce(
        (all, part) => applyControl(part, all, data, seed),
        answers as AugmentedShard[],
      );
    case 'environment-random':
      return drawAnswers(replaceActions(answers, data, drawnUniformly(data, random)), random);
  }
}

/** Rewards and states that know nothing; what is copied has the mean reward already. */
function drawAnswers(answers: readonly AugmentedShard[], random: RandomStream): AugmentedShard[] {
  const mean = meanOf(answers, 'rewards');
  const count = total(answers, ({ rewards }) => rewards.length);
  const squares = total(answers, ({ rewards }) =>
    rewards.reduce((sum, own) => sum + (own - mean) ** 2, 0),
  );
  const deviation = Math.sqrt(squares / Math.max(1, count));
  return answers.map((answer) => ({
    ...answer,
    rewards: answer.rewards.map(() => mean + deviation * random.normal()),
    states: answer.states.map(() => float16Bits(random.normal())),
  }));
}

function permuteRewards(
  answers: readonly AugmentedShard[],
  random: RandomStream,
): AugmentedShard[] {
  const logged = permutation(
    total(answers, ({ rewards }) => rewards.length),
    random,
  );
  const others = permutation(
    total(answers, ({ candidates }) => candidates.length),
    random,
  );
  const deal = (
    key: 'rewards' | 'rewardSpreads' | 'candidateRewards' | 'candidateRewardSpreads',
    order: Int32Array,
  ) => {
    const all = answers.flatMap((answer) => [...answer[key]]);
    let at = 0;
    return answers.map((answer) => answer[key].map(() => all[order[at++]!]!));
  };
  const rewards = deal('rewards', logged);
  const rewardSpreads = deal('rewardSpreads', logged);
  const candidateRewards = deal('candidateRewards', others);
  const candidateRewardSpreads = deal('candidateRewardSpreads', others);
  return answers.map((answer, part) => ({
    ...answer,
    rewards: rewards[part]!,
    rewardSpreads: rewardSpreads[part]!,
    candidateRewards: candidateRewards[part]!,
    candidateRewardSpreads: candidateRewardSpreads[part]!,
  }));
}

function evenRewards(answers: readonly AugmentedShard[]): AugmentedShard[] {
  const logged = meanOf(answers, 'rewards');
  const others = meanOf(answers, 'candidateRewards');
  return answers.map((answer) => ({
    ...answer,
    rewards: answer.rewards.map(() => logged),
    rewardSpreads: answer.rewardSpreads.map(() => 0),
    candidateRewards: answer.candidateRewards.map(() => others),
    candidateRewardSpreads: answer.candidateRewardSpreads.map(() => 0),
  }));
}

function permuteStates(answers: readonly AugmentedShard[], random: RandomStream): AugmentedShard[] {
  const vectors = answers.flatMap(({ states, stateDimension, items }) =>
    Array.from(items, (_, at) => states.subarray(at * stateDimension, (at + 1) * stateDimension)),
  );
  const order = permutation(vectors.length, random);
  let at = 0;
  return answers.map((answer) => {
    const states = new Uint16Array(answer.states.length); // [values, stateDimension]
    for (let value = 0; value < answer.items.length; value++) {
      states.set(vectors[order[at++]!]!, value * answer.stateDimension);
    }
    return { ...answer, states };
  });
}
