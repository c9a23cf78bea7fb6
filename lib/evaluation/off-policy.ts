import { ValidationError } from '#lib/contracts/errors.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { numberUsers, percentileInterval } from './resampling.ts';

/** Something that was shown, with what a policy that was not asked would have done there. */
export interface LoggedDecision {
  /** Whoever saw it: his decisions are resampled together. */
  readonly user: string;
  readonly reward: number;
  /** Chance (0-1] with which the logging policy showed it; undefined where nobody wrote it down. */
  readonly propensity: number | undefined;
  /** Chance (0-1) with which the policy to be judged shows the same there. */
  readonly chance: number;
  /** A model's guess of the reward of what was shown; undefined without a model. */
  readonly predicted: number | undefined;
  /** The model's guess of the reward that the policy to be judged would have had there. */
  readonly expected: number | undefined;
}

/** A value a decision, with a percentile interval over users. */
export interface OffPolicyEstimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface OffPolicyValue {
  readonly decisions: number;
  readonly users: number;
  /** Mean reward of what was logged. */
  readonly logged: OffPolicyEstimate;
  /** Self-normalised inverse propensity score: `sum w r / sum w`, `w = min(chance / propensity, clip)`. */
  readonly snips: OffPolicyEstimate;
  /** `mean(expected + w (r - predicted))`; null without a model of rewards. */
  readonly doublyRobust: OffPolicyEstimate | null;
  /** Kish's effective sample size `(sum w)^2 / sum w^2`: as many decisions of the policy itself would say as much. */
  readonly effectiveSize: number;
  /** Share of the decisions that the policy could have made at all (`chance` above 0). */
  readonly overlap: number;
  /** Share of the weights that were clipped, each of which biases the estimate towards the logging policy. */
  readonly clipRate: number;
  /** Mean of the weights before they are clipped: 1 but for chance where propensities are right. */
  readonly meanWeight: number;
}

export interface OffPolicyOptions {
  /** Largest weight. @default 50 */
  readonly clip?: number;
  /** @default 1000 */
  readonly samples?: number;
  readonly seed?: number;
}

const confidence = 0.95;
/** Decisions that an estimate must be worth. */
const leastEffective = 50;

/**
 * What a policy would have brought that was not asked, from what another one showed and with which chance: SNIPS
 * (Swaminathan and Joachims 2015, https://papers.nips.cc/paper/5748) and the doubly robust estimate (Dudik et al. 2011,
 * arXiv 1103.4601), which is right if either propensities or the model of rewards are. Of one decision at a time: what a
 * decision changes for later ones is not in it.
 *
 * @throws ValidationError with the reason where nothing can be said: no decisions, propensities missing or impossible,
 *   nothing that was left to chance, too little overlap
 */
export function offPolicyValue(
  decisions: readonly LoggedDecision[],
  { clip = 50, samples = 1000, seed = 1 }: OffPolicyOptions = {},
): OffPolicyValue {
  refuseWithout(decisions);
  const raw = decisions.map(({ chance, propensity }) => chance / propensity!);
  const weights = raw.map((weight) => Math.min(weight, clip));
  const sum = total(weights);
  const effectiveSize = sum === 0 ? 0 : sum ** 2 / total(weights.map((weight) => weight ** 2));
  const overlap = decisions.filter(({ chance }) => chance > 0).length / decisions.length;
  if (effectiveSize < leastEffective) {
    throw new ValidationError(
      `These ${decisions.length} decisions are worth ${effectiveSize.toFixed(1)} of the policy's own, fewer than ${leastEffective} (${(100 * overlap).toFixed(1)} % are such that it could have made them): log more, or let more be left to chance.`,
    );
  }
  const hasModel = decisions.every(
    ({ predicted, expected }) => predicted !== undefined && expected !== undefined,
  );
  const rewards = decisions.map(({ reward }) => reward);
  const weighted = rewards.map((reward, at) => weights[at]! * reward);
  const corrected = decisions.map(({ reward, predicted, expected }, at) =>
    hasModel ? expected! + weights[at]! * (reward - predicted!) : 0,
  );
  const ones = decisions.map(() => 1);
  const estimate = resampleUsers(decisions, samples, seed);
  return {
    decisions: decisions.length,
    users: new Set(decisions.map(({ user }) => user)).size,
    logged: estimate(rewards, ones),
    snips: estimate(weighted, weights),
    doublyRobust: hasModel ? estimate(corrected, ones) : null,
    effectiveSize,
    overlap,
    clipRate: raw.filter((weight) => weight > clip).length / decisions.length,
    meanWeight: total(raw) / decisions.length,
  };
}

function refuseWithout(decisions: readonly LoggedDecision[]): void {
  if (decisions.length === 0) {
    throw new ValidationError('There are no logged decisions to judge a policy by.');
  }
  const isChance = (value: number) => value > 0 && value <= 1;
  const missing = decisions.filter(({ propensity = 0 }) => !isChance(propensity)).length;
  if (missing > 0) {
    throw new ValidationError(
      `${missing} of ${decisions.length} decisions have no propensity above 0 and at most 1: without the chance with which something was shown, what another policy would have brought cannot be told from what the logging policy chose. Log it when you show something.`,
    );
  }
  const wrong = decisions.findIndex(
    ({ chance, reward }) => !(chance >= 0 && chance <= 1) || !Number.isFinite(reward),
  );
  if (wrong !== -1) {
    throw new ValidationError(
      `Decision ${wrong + 1}: its chance is no number from 0 to 1, or its reward none at all.`,
    );
  }
  if (decisions.every(({ propensity }) => propensity === 1)) {
    throw new ValidationError(
      'Every decision has propensity 1: nothing was left to chance, so nothing is known of what was not shown. Show a share of the lists at random.',
    );
  }
}

/** Ratio of two sums with an interval from a bootstrap over users. */
function resampleUsers(decisions: readonly LoggedDecision[], samples: number, seed: number) {
  const { numbers, users } = numberUsers(decisions.map(({ user }) => user));
  const byUser = (values: readonly number[]) => {
    const sums = new Float64Array(users);
    values.forEach((value, at) => {
      sums[numbers[at]!]! += value;
    });
    return sums;
  };
  return (above: readonly number[], below: readonly number[]): OffPolicyEstimate => {
    const [upper, lower] = [byUser(above), byUser(below)];
    const random = randomStream(seed, 'off-policy');
    const ratios = Float64Array.from({ length: samples }, () => {
      let [a, b] = [0, 0];
      for (let draw = 0; draw < users; draw++) {
        const user = random.integer(users);
        a += upper[user]!;
        b += lower[user]!;
      }
      return b === 0 ? 0 : a / b;
    });
    return { value: total(above) / total(below), ...percentileInterval(ratios, confidence) };
  };
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
