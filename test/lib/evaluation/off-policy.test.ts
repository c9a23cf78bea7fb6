import { describe, expect, it } from 'vitest';
import { planSimulation } from '#cli/experiments/simulator/config.ts';
import { expectedReward, respond, takeChance } from '#cli/experiments/simulator/dynamics.ts';
import { drawSlate, makeBelief } from '#cli/experiments/simulator/logs.ts';
import { makeUser, makeWorld } from '#cli/experiments/simulator/world.ts';
import { type LoggedDecision, offPolicyValue } from '#lib/evaluation/off-policy.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { simulationOf } from '../../cli/experiments/simulator/simulation-of.ts';

const plan = planSimulation(
  simulationOf({
    world: { items: 20, topics: 4, slate: 1, nothing: 0, satiationWeight: 0.3 },
    logging: { users: 500, knowledge: 0.3, temperature: 2 },
  }),
  'test',
);

/**
 * Logs of a simulated world in which one item is shown at a time, with the chance of a policy that shows better items more
 * often, and what it would truly have had at the same requests.
 */
function logged({ model = (truth: number) => truth, propensityError = 1 } = {}) {
  const world = makeWorld(plan.worlds[0]!.settings, 1);
  const decisions: LoggedDecision[] = [];
  let truth = 0;
  for (let number = 0; number < plan.logging.users; number++) {
    const random = randomStream(7, 'user', number);
    const user = makeUser(world, random);
    const belief = makeBelief(world, random);
    while (user.patience > 0) {
      const worth = Float64Array.from(
        { length: 20 },
        (_, item) => takeChance(world, user, item) * expectedReward(world, user, item),
      );
      const weights = worth.map((own) => Math.exp(3 * own));
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      const { slate, propensity } = drawSlate(world, user, belief, plan.logging, random);
      const [shown] = slate;
      const expected = worth.reduce((sum, own, item) => sum + (weights[item]! / all) * own, 0);
      const guessed = worth.reduce(
        (sum, own, item) => sum + (weights[item]! / all) * model(own),
        0,
      );
      truth += expected;
      const { reward } = respond(world, user, slate, random);
      decisions.push({
        user: `u${number}`,
        reward,
        propensity: Math.min(1, propensity * propensityError),
        chance: weights[shown!]! / all,
        predicted: model(worth[shown!]!),
        expected: guessed,
      });
    }
  }
  return { decisions, truth: truth / decisions.length };
}

describe('Function: offPolicyValue', () => {
  it('finds what a policy would have brought in a simulated world, which is not what was logged', () => {
    const { decisions, truth } = logged();

    const found = offPolicyValue(decisions);

    expect(found.users).toBe(500);
    expect(found.logged.high).toBeLessThan(truth);
    for (const { value, low, high } of [found.snips, found.doublyRobust!]) {
      expect(value).toBeCloseTo(truth, 1);
      expect(low).toBeLessThan(truth);
      expect(high).toBeGreaterThan(truth);
    }
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    expect(width(found.doublyRobust!)).toBeLessThan(width(found.snips));
    expect(found.overlap).toBe(1);
    expect(found.meanWeight).toBeCloseTo(1, 1);
    expect(found.effectiveSize).toBeGreaterThan(50);
    expect(found.effectiveSize).toBeLessThan(found.decisions);
  });

  it('is doubly robust: right with a wrong model, or with wrong propensities', () => {
    const wrongModel = logged({ model: () => 0.7 });
    const wrongPropensities = logged({ propensityError: 0.5 });

    for (const { decisions, truth } of [wrongModel, wrongPropensities]) {
      const { low, high } = offPolicyValue(decisions).doublyRobust!;
      expect(low).toBeLessThan(truth);
      expect(high).toBeGreaterThan(truth);
    }
    // Wrong propensities show in the mean of the weights.
    expect(offPolicyValue(wrongPropensities.decisions).meanWeight).toBeGreaterThan(1.7);
  });

  it('has the effective size of Kish, clips, and leaves the doubly robust estimate out without a model', () => {
    const decisions = Array.from({ length: 200 }, (_, at) => ({
      user: `u${at}`,
      reward: at % 2,
      propensity: at % 2 === 0 ? 0.5 : 0.1,
      chance: 0.5,
      predicted: undefined,
      expected: undefined,
    }));

    const found = offPolicyValue(decisions, { clip: 3 });

    // Weights 1 and 5, of which the latter is clipped to 3.
    expect(found.clipRate).toBe(0.5);
    expect(found.effectiveSize).toBeCloseTo(400 ** 2 / (100 * 1 + 100 * 9), 9);
    expect(found.snips.value).toBeCloseTo(300 / 400, 12);
    expect(found.meanWeight).toBeCloseTo(3, 12);
    expect(found.doublyRobust).toBeNull();
  });

  const decision: LoggedDecision = {
    user: 'u',
    reward: 1,
    propensity: 0.5,
    chance: 0.5,
    predicted: undefined,
    expected: undefined,
  };
  const hundred = (own: Partial<LoggedDecision>) =>
    Array.from({ length: 100 }, () => ({ ...decision, ...own }));

  it.each<[string, readonly LoggedDecision[], string]>([
    ['nothing', [], 'no logged decisions'],
    ['propensities that nobody wrote down', hundred({ propensity: undefined }), 'no propensity'],
    ['a propensity of 0', [...hundred({}), { ...decision, propensity: 0 }], '1 of 101'],
    ['a chance beyond 1', hundred({ chance: 1.1 }), 'Decision 1'],
    ['a reward that is no number', hundred({ reward: Number.NaN }), 'Decision 1'],
    ['nothing left to chance', hundred({ propensity: 1 }), 'nothing was left to chance'],
    ['no overlap', hundred({ chance: 0 }), '0.0 % are such that it could have made them'],
    ['too few', [decision, decision], 'fewer than 50'],
  ])('refuses %s, with the reason', (_, decisions, message) => {
    expect(() => offPolicyValue(decisions)).toThrow(message);
  });
});
