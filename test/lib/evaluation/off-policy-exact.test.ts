import { describe, expect, it } from 'vitest';
import { ValidationError } from '#lib/contracts/errors.ts';
import { type LoggedDecision, offPolicyValue } from '#lib/evaluation/off-policy.ts';
import { percentileInterval } from '#lib/evaluation/resampling.ts';
import { randomStream } from '#lib/recommender/random.ts';

/** Several decisions of a user, not all together; weights 0 to 4. */
const decisions: readonly LoggedDecision[] = Array.from({ length: 160 }, (_, at) => ({
  user: `u${at % 23}`,
  reward: (at % 5) / 4,
  propensity: [0.25, 0.5, 1][at % 3]!,
  chance: [0, 0.5, 1, 1][at % 4]!,
  predicted: (at % 7) / 8,
  expected: (at % 6) / 8,
}));
const options = { clip: 2, samples: 40, seed: 5 };

const weightOf = ({ chance, propensity }: LoggedDecision) => Math.min(2, chance / propensity!);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Ratio of two sums over decisions, with the ratios of users drawn anew. */
function expected(
  above: (decision: LoggedDecision) => number,
  below: (decision: LoggedDecision) => number,
) {
  const users = [...new Set(decisions.map(({ user }) => user))];
  const own = users.map((user) => decisions.filter((decision) => decision.user === user));
  const random = randomStream(5, 'off-policy');
  const ratios = Float64Array.from({ length: 40 }, () => {
    const drawn = users.flatMap(() => own[random.integer(users.length)]!);
    return sum(drawn.map(above)) / sum(drawn.map(below));
  });
  const { low, high } = percentileInterval(ratios, 0.95);
  const value = sum(decisions.map(above)) / sum(decisions.map(below));
  return {
    value: expect.closeTo(value, 10),
    low: expect.closeTo(low, 10),
    high: expect.closeTo(high, 10),
  };
}

describe('Function: offPolicyValue', () => {
  it('is its formulas, with intervals over users', () => {
    const weights = decisions.map(weightOf);

    const found = offPolicyValue(decisions, options);

    expect(found).toEqual({
      decisions: 160,
      users: 23,
      logged: expected(
        ({ reward }) => reward,
        () => 1,
      ),
      snips: expected((decision) => weightOf(decision) * decision.reward, weightOf),
      doublyRobust: expected(
        (own) => own.expected! + weightOf(own) * (own.reward - own.predicted!),
        () => 1,
      ),
      effectiveSize: expect.closeTo(sum(weights) ** 2 / sum(weights.map((w) => w ** 2)), 10),
      overlap: 0.75,
      clipRate: decisions.filter(({ chance, propensity }) => chance / propensity! > 2).length / 160,
      meanWeight: expect.closeTo(
        sum(decisions.map(({ chance, propensity }) => chance / propensity!)) / 160,
        10,
      ),
    });
    expect(found.clipRate).toBeGreaterThan(0);
  });

  it('has a doubly robust estimate only where a model knows all decisions, both ways', () => {
    const without = (change: Partial<LoggedDecision>) =>
      offPolicyValue(
        decisions.map((decision, at) => (at === 7 ? { ...decision, ...change } : decision)),
        options,
      ).doublyRobust;

    expect(without({})).not.toBeNull();
    expect(without({ predicted: undefined })).toBeNull();
    expect(without({ expected: undefined })).toBeNull();
  });

  it('clips at 50 and draws users a thousand times where nobody says otherwise', () => {
    const far = { ...decisions[1]!, propensity: 0.015, chance: 1 };
    const some = [...decisions, far, { ...far, user: 'far' }];

    const usual = offPolicyValue([...some, ...some, ...some]);

    expect(usual).toEqual(
      offPolicyValue([...some, ...some, ...some], { clip: 50, samples: 1000, seed: 1 }),
    );
    expect(usual.clipRate).toBeCloseTo(2 / 162, 12);
  });

  const decision: LoggedDecision = {
    user: 'u',
    reward: 1,
    propensity: 0.5,
    chance: 0.5,
    predicted: undefined,
    expected: undefined,
  };
  const times = (count: number, own: Partial<LoggedDecision> = {}) =>
    Array.from({ length: count }, () => ({ ...decision, ...own }));

  it('says something of what is worth fifty decisions, and of nobody alone', () => {
    const { effectiveSize, snips } = offPolicyValue(times(50), options);

    expect(effectiveSize).toBe(50);
    expect(snips).toEqual({ value: 1, low: 1, high: 1 });
    expect(() => offPolicyValue(times(49), options)).toThrow(
      "These 49 decisions are worth 49.0 of the policy's own, fewer than 50 (100.0 % are such that it could have made them): log more, or let more be left to chance.",
    );
  });

  it('counts resamples of users who share nothing with the policy for nothing', () => {
    const never = times(2, { user: 'never', chance: 0 });
    const often = times(60, { user: 'often' });

    const { snips } = offPolicyValue([...never, ...often], { samples: 200, seed: 1 });

    expect([snips.value, snips.low, snips.high]).toEqual([1, 0, 1]);
  });

  it.each<[string, readonly LoggedDecision[], string]>([
    ['nothing', [], 'There are no logged decisions to judge a policy by.'],
    [
      'propensities that are none',
      [
        ...times(3),
        ...[undefined, 0, 1.01].map((propensity) => ({ ...decision, propensity })),
        { ...decision, propensity: 1 },
      ],
      '3 of 7 decisions have no propensity above 0 and at most 1: without the chance',
    ],
    ['a chance below 0', [...times(2), ...times(1, { chance: -0.1 })], 'Decision 3: its chance'],
    ['a chance beyond 1', times(2, { chance: 1.01 }), 'Decision 1: its chance'],
    ['a chance that is no number', times(2, { chance: Number.NaN }), 'Decision 1: its chance'],
    ['an endless reward', times(2, { reward: Number.POSITIVE_INFINITY }), 'Decision 1: its'],
    [
      'nothing left to chance',
      times(60, { propensity: 1 }),
      'Every decision has propensity 1: nothing was left to chance, so nothing is known of what was not shown. Show a share of the lists at random.',
    ],
    [
      'no overlap',
      times(60, { chance: 0 }),
      "These 60 decisions are worth 0.0 of the policy's own, fewer than 50 (0.0 % are",
    ],
  ])('refuses %s', (_, given, message) => {
    expect(() => offPolicyValue(given)).toThrow(ValidationError);
    expect(() => offPolicyValue(given)).toThrow(message);
  });

  it('takes chances of 0 and 1, and propensities of 1 beside others', () => {
    const mixed = [
      ...times(60),
      ...times(1, { chance: 0 }),
      ...times(1, { chance: 1, propensity: 1 }),
    ];

    expect(offPolicyValue(mixed, options).overlap).toBeCloseTo(61 / 62, 12);
  });
});
