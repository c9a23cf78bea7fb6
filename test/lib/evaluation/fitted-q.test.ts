import { describe, expect, it } from 'vitest';
import { fittedQ, type SessionDecision } from '#lib/evaluation/fitted-q.ts';
import { offPolicyValue } from '#lib/evaluation/off-policy.ts';
import { randomStream } from '#lib/recommender/random.ts';

/** Interest of a user, 0 to 2; a bait is taken at once and costs interest, what is good is taken later. */
const interests = 3;
const actions = ['bait', 'good'] as const;
const takes = { bait: [0.2, 0.7, 0.9], good: [0.1, 0.4, 0.6] } as const;
/** Chance that a session goes on. */
const goesOn = 0.8;

/** Where a decision leads, by interest and action, with its chance. */
const leadsTo = (interest: number, action: (typeof actions)[number]) =>
  action === 'bait' ? Math.max(0, interest - 1) : Math.min(interests - 1, interest + 1);

/** Chance that a policy shows the bait. */
type Policy = (interest: number) => number;
const logging: Policy = () => 0.6;
const judged: Policy = () => 0.1;

/** A feature for each state and action. */
const features = (interest: number, bait: number) =>
  Array.from({ length: interests * 2 }, (_, at) =>
    Math.floor(at / 2) === interest ? (at % 2 === 0 ? bait : 1 - bait) : 0,
  );

/** The worth of a session that begins with interest 1, by Bellman's equation. */
function truthOf(policy: Policy): number {
  let values = new Array<number>(interests).fill(0);
  for (let round = 0; round < 500; round++) {
    values = values.map((_, interest) =>
      actions.reduce((sum, action) => {
        const chance = action === 'bait' ? policy(interest) : 1 - policy(interest);
        const later = goesOn * values[leadsTo(interest, action)]!;
        return sum + chance * (takes[action][interest]! + later);
      }, 0),
    );
  }
  return values[1]!;
}

function logSessions(users: number, seed = 1) {
  const random = randomStream(seed, 'sessions');
  const decisions: (SessionDecision & { propensity: number; chance: number })[] = [];
  for (let user = 0; user < users; user++) {
    for (let session = 0; session < 2; session++) {
      let interest = 1;
      do {
        const isBait = random.uniform() < logging(interest);
        const action = isBait ? 'bait' : 'good';
        decisions.push({
          user: `u${user}`,
          session: `s${session}`,
          reward: random.uniform() < takes[action][interest]! ? 1 : 0,
          features: features(interest, isBait ? 1 : 0),
          policyFeatures: features(interest, judged(interest)),
          propensity: isBait ? logging(interest) : 1 - logging(interest),
          chance: isBait ? judged(interest) : 1 - judged(interest),
        });
        interest = leadsTo(interest, action);
      } while (random.uniform() < goesOn);
    }
  }
  return decisions;
}

describe('Function: fittedQ', () => {
  it('finds what sessions bring under a policy that was not asked, where single decisions say the opposite', () => {
    // Arrange
    const decisions = logSessions(1500, 2);
    const [before, after] = [truthOf(logging), truthOf(judged)];

    // Act
    const found = fittedQ(decisions);
    const single = offPolicyValue(
      decisions.map((own) => ({ ...own, predicted: undefined, expected: undefined })),
    );

    // Assess: the policy that shows less bait is better over sessions and worse at the next decision
    expect(after).toBeGreaterThan(before + 0.3);
    expect(single.snips.high).toBeLessThan(single.logged.low);
    expect(found.sessions).toBe(3000);
    expect(found.logged.low).toBeLessThan(before);
    expect(found.logged.high).toBeGreaterThan(before);
    expect(found.policy.low).toBeLessThan(after);
    expect(found.policy.high).toBeGreaterThan(after);
    expect(found.policy.value).toBeCloseTo(after, 0);
    expect(found.policy.low).toBeGreaterThan(found.logged.high);
  });

  it('has intervals that hold the truth about as often as they say', () => {
    const after = truthOf(judged);
    const held = Array.from({ length: 40 }, (_, seed) => {
      const { policy } = fittedQ(logSessions(150, seed + 1), { samples: 200 });
      return policy.low < after && after < policy.high;
    }).filter(Boolean).length;

    expect(held).toBeGreaterThanOrEqual(34);
  });

  it('counts later rewards by the discount, none of them with 0', () => {
    const { policy, logged } = fittedQ(logSessions(500), { discount: 0 });
    const first = judged(1) * takes.bait[1] + (1 - judged(1)) * takes.good[1];

    expect(policy.low).toBeLessThan(first);
    expect(policy.high).toBeGreaterThan(first);
    expect(logged.value).toBeLessThan(1);
  });

  it.each([
    [
      'no features',
      (own: SessionDecision) => ({ ...own, features: [] }),
      /needs 1 to 256 features/,
    ],
    [
      'too many features',
      (own: SessionDecision) => ({ ...own, features: new Array<number>(300).fill(0) }),
      /these have 300/,
    ],
    [
      'one that has fewer features',
      (own: SessionDecision, at: number) => (at === 3 ? { ...own, policyFeatures: [1] } : own),
      /^Decision 4: it has not 6 features/,
    ],
    [
      'a reward that is none',
      (own: SessionDecision, at: number) => (at === 0 ? { ...own, reward: Number.NaN } : own),
      /^Decision 1/,
    ],
  ])('refuses %s', (_, change, message) => {
    expect(() => fittedQ(logSessions(50).map(change))).toThrow(message);
  });

  it('refuses a handful of sessions, and what does not settle', () => {
    expect(() => fittedQ(logSessions(10))).toThrow('needs 30 sessions at least, these are 20');
    // What the policy does lies far outside what was logged: each regression asks for twice as much as the one before.
    const beyond = logSessions(100).map((own) => ({
      ...own,
      features: [1],
      policyFeatures: [3],
    }));
    expect(() => fittedQ(beyond)).toThrow(/does not settle within .* smaller discount/);
  });
});
