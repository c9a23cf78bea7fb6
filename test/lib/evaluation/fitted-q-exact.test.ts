import { describe, expect, it } from 'vitest';
import { ValidationError } from '#lib/contracts/errors.ts';
import { fittedQ, type SessionDecision } from '#lib/evaluation/fitted-q.ts';
import { percentileInterval } from '#lib/evaluation/resampling.ts';
import { randomStream } from '#lib/recommender/random.ts';

const discount = 0.75;

/** Two features that go together, sessions of one to three decisions, two of them open at a time. */
const decisions: readonly SessionDecision[] = Array.from({ length: 15 }, (_, user) =>
  [0, 1, 2].flatMap((step) =>
    ['a', 'b', 'c'].flatMap((session, which) => {
      if (step > (user + which) % 3) return [];
      return [
        {
          user: `u${user}`,
          session,
          reward: ((user * 3 + step + which) % 5) / 4,
          features: [1, ((user + 2 * step + which) % 4) / 4],
          policyFeatures: [1, ((user + step) % 3) / 4],
        },
      ];
    }),
  ),
).flat();

const sessionsOf = (some: readonly SessionDecision[]) => {
  const sessions = new Map<string, SessionDecision[]>();
  for (const one of some) {
    const key = `${one.user} ${one.session}`;
    sessions.set(key, [...(sessions.get(key) ?? []), one]);
  }
  return [...sessions.values()];
};
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Mean discounted reward, and the worth of first decisions by the fixed point of the regressions, solved at once. */
function expected(sessions: readonly (readonly SessionDecision[])[], gamma: number, ridge: number) {
  const entry = (f: (session: readonly SessionDecision[]) => number) => sum(sessions.map(f));
  const product = (i: number, j: number) =>
    entry((own) => sum(own.map(({ features }) => features[i]! * features[j]!)));
  const next = (i: number, j: number) =>
    entry((own) =>
      sum(own.slice(1).map(({ policyFeatures }, at) => own[at]!.features[i]! * policyFeatures[j]!)),
    );
  const added = (ridge * (product(0, 0) + product(1, 1))) / 2;
  const [a, b, c, d] = [
    product(0, 0) + added - gamma * next(0, 0),
    product(0, 1) - gamma * next(0, 1),
    product(1, 0) - gamma * next(1, 0),
    product(1, 1) + added - gamma * next(1, 1),
  ] as const;
  const [x, y] = [0, 1].map((i) =>
    entry((own) => sum(own.map(({ features, reward }) => features[i]! * reward))),
  ) as [number, number];
  const weights = [(d * x - b * y) / (a * d - b * c), (a * y - c * x) / (a * d - b * c)];
  return {
    logged:
      entry((own) => sum(own.map(({ reward }, at) => gamma ** at * reward))) / sessions.length,
    policy:
      entry(([first]) => sum(first!.policyFeatures.map((value, at) => value * weights[at]!))) /
      sessions.length,
  };
}

describe('Function: fittedQ', () => {
  it('finds the fixed point of the regressions, with intervals over users', () => {
    // Arrange
    const users = Array.from({ length: 15 }, (_, user) =>
      sessionsOf(decisions.filter((one) => one.user === `u${user}`)),
    );
    const random = randomStream(4, 'fitted-q');
    const drawn = Array.from({ length: 20 }, () =>
      expected(
        users.flatMap(() => users[random.integer(15)]!),
        discount,
        0.01,
      ),
    );
    const close = ({ low, high }: { low: number; high: number }) => ({
      low: expect.closeTo(low, 6),
      high: expect.closeTo(high, 6),
    });

    // Act
    const found = fittedQ(decisions, { discount, ridge: 0.01, samples: 20, seed: 4 });

    // Assess
    const whole = expected(sessionsOf(decisions), discount, 0.01);
    const intervalOf = (pick: (one: typeof whole) => number) =>
      close(percentileInterval(Float64Array.from(drawn, pick), 0.95));
    expect(found).toEqual({
      sessions: 45,
      logged: { value: expect.closeTo(whole.logged, 9), ...intervalOf(({ logged }) => logged) },
      policy: { value: expect.closeTo(whole.policy, 6), ...intervalOf(({ policy }) => policy) },
      iterations: expect.any(Number),
    });
    expect(found.iterations).toBeGreaterThan(2);
  });

  it('discounts nothing and draws users 500 times where nobody says otherwise', () => {
    expect(fittedQ(decisions)).toEqual(
      fittedQ(decisions, { discount: 1, ridge: 1e-6, samples: 500, seed: 1 }),
    );
  });

  it('counts rewards once with a discount of 0, and needs one regression and one that agrees', () => {
    const { policy, iterations } = fittedQ(decisions, { discount: 0, ridge: 0.01, samples: 1 });

    expect(policy.value).toBeCloseTo(expected(sessionsOf(decisions), 0, 0.01).policy, 9);
    expect(iterations).toBe(2);
  });

  it('gives a feature that no decision has the weight 0', () => {
    const wider = decisions.map((one) => ({
      ...one,
      features: [...one.features, 0],
      policyFeatures: [...one.policyFeatures, 5],
    }));
    const options = { discount, samples: 5, ridge: 0 };

    const { policy } = fittedQ(wider, options);

    expect(policy.value).toBeCloseTo(fittedQ(decisions, options).policy.value, 9);
    const nothing = decisions.map((one) => ({ ...one, features: [0, 0] }));
    expect(fittedQ(nothing, options).policy.value).toBe(0);
  });

  it('knows a session by its user and its name', () => {
    const one: SessionDecision = {
      user: 'u',
      session: 's',
      reward: 1,
      features: [1],
      policyFeatures: [1],
    };
    const thirty = Array.from({ length: 30 }, (_, at) => ({ ...one, user: `u${at}` }));

    expect(fittedQ(thirty, { samples: 2 }).sessions).toBe(30);
    expect(() => fittedQ([...thirty.slice(1), thirty[1]!])).toThrow(ValidationError);
    expect(() => fittedQ([...thirty.slice(1), thirty[1]!])).toThrow(
      'Fitted Q needs 30 sessions at least, these are 29: log more.',
    );
  });

  it.each<[string, (one: SessionDecision, at: number) => SessionDecision, string]>([
    [
      'no features',
      (one) => ({ ...one, features: [], policyFeatures: [] }),
      'Fitted Q needs 1 to 256 features of state and action in every decision, these have 0.',
    ],
    ['257', (one) => ({ ...one, features: Array<number>(257).fill(0) }), 'these have 257.'],
    [
      'fewer features later',
      (one, at) => (at === 3 ? { ...one, features: [1] } : one),
      'Decision 4: it has not 2 features of what was shown and of what the policy shows as the first one has, or one of them or its reward is no number.',
    ],
    [
      'fewer features of the policy',
      (one, at) => (at === 3 ? { ...one, policyFeatures: [1] } : one),
      'Decision 4: ',
    ],
    [
      'a feature that is no number',
      (one, at) => (at === 5 ? { ...one, features: [1, Number.NaN] } : one),
      'Decision 6: ',
    ],
    [
      'an endless feature of the policy',
      (one, at) => (at === 5 ? { ...one, policyFeatures: [1, 1 / 0] } : one),
      'Decision 6: ',
    ],
    [
      'a reward that is none',
      (one, at) => (at === 0 ? { ...one, reward: Number.NaN } : one),
      'Decision 1: ',
    ],
  ])('refuses %s', (_, change, message) => {
    expect(() => fittedQ(decisions.map(change))).toThrow(ValidationError);
    expect(() => fittedQ(decisions.map(change))).toThrow(message);
  });

  it('refuses nothing at all', () => {
    expect(() => fittedQ([])).toThrow('these have 0.');
  });

  it('takes 256 features', () => {
    const wide = decisions.map((one) => ({
      ...one,
      features: [1, ...Array<number>(255).fill(0)],
      policyFeatures: [1, ...Array<number>(255).fill(0)],
    }));

    expect(fittedQ(wide, { discount: 0, samples: 1 }).sessions).toBe(45);
  });

  describe('refuses what does not settle', () => {
    const growing = decisions.map((one) => ({ ...one, features: [1], policyFeatures: [3] }));

    it('with all that there is', () => {
      expect(() => fittedQ(growing)).toThrow(
        'Fitted Q does not settle within 2000 regressions: the policy to be judged does what is hardly in the logs. Log more of it, or give a smaller discount.',
      );
    });

    it('with too many resamples of the users', () => {
      // Arrange: one user has the sessions that keep the rest from growing.
      const calm = Array.from({ length: 40 }, (_, at) => ({
        user: 'calm',
        session: `${at}`,
        reward: 1,
        features: [3],
        policyFeatures: [1],
      }));

      expect(() => fittedQ([...growing, ...calm], { samples: 20 })).toThrow(
        /^Fitted Q settles in only 1?\d of 20 resamples of the users: log more, or give a smaller discount\.$/,
      );
    });
  });
});
