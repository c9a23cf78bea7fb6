import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSimulation } from '#cli/experiments/simulator/config.ts';
import {
  choose,
  expectedReward,
  purchaseChance,
  respond,
  satisfaction,
  takeChance,
  utility,
} from '#cli/experiments/simulator/dynamics.ts';
import { drawSlate, makeBelief, writeLogs } from '#cli/experiments/simulator/logs.ts';
import { copyUser, makeUser, makeWorld } from '#cli/experiments/simulator/world.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { simulationOf } from './simulation-of.ts';

const worldOf = (settings: Record<string, unknown> = {}, seed = 1) => {
  const plan = planSimulation(simulationOf({ worlds: { only: settings } }), 'test');
  return { plan, world: makeWorld(plan.worlds[0]!.settings, seed) };
};

describe('The dynamics of a simulated user', () => {
  it('follow the stated equations', () => {
    const { world } = worldOf({ satiationWeight: 0.5, fatigueWeight: 2, qualityWeight: 0.25 });
    const user = makeUser(world, randomStream(1, 'user'));
    const topic = world.topics[7]!;
    user.interests[topic] = 0.5;
    user.satiation[topic] = 1.5;
    user.taken.set(7, 2);

    expect(utility(world, user, 7)).toBeCloseTo(2 * 0.5 + world.appeal[7]! - 0.75 - 4, 12);
    expect(satisfaction(world, user, 7)).toBeCloseTo(0.375 + 0.25 * world.quality[7]!, 12);
    const bought = 1 / (1 + Math.exp(-4 * (0.5 - 0.6)));
    expect(purchaseChance(world, user, 7)).toBeCloseTo(bought, 12);
    expect(expectedReward(world, user, 7)).toBeCloseTo(0.2 + 0.8 * bought, 12);
  });

  it('choose as a multinomial logit with no-choice does', () => {
    const { world } = worldOf({ nothing: 1 });
    const user = makeUser(world, randomStream(2, 'user'));
    const slate = Int32Array.of(3, 9, 27);
    const weights = [...slate].map((item) => Math.exp(utility(world, user, item)));
    const all = weights.reduce((sum, weight) => sum + weight, Math.E);

    const draws = 20_000;
    const counts = new Map<number, number>();
    for (let draw = 0; draw < draws; draw++) {
      const place = choose(world, user, slate, (draw + 0.5) / draws);
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }

    weights.forEach((weight, place) => {
      expect(counts.get(place)! / draws).toBeCloseTo(weight / all, 3);
    });
    expect(counts.get(-1)! / draws).toBeCloseTo(Math.E / all, 3);
    const alone = Math.exp(utility(world, user, 3));
    expect(takeChance(world, user, 3)).toBeCloseTo(alone / (alone + Math.E), 12);
  });

  it('fatigue and satiation lower what the same item, and one of its topic, bring next', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const { world } = worldOf({ interestStep: 0, drift: 0 }, seed);
        const user = makeUser(world, randomStream(seed, 'user'));
        const item = 11;
        const alike = world.topics.findIndex(
          (own, at) => own === world.topics[item] && at !== item,
        );
        const before = { own: utility(world, user, item), alike: utility(world, user, alike) };
        const random = randomStream(seed, 'luck');
        for (let show = 0; !user.taken.has(item) && show < 10_000; show++) {
          user.satiation.fill(0);
          respond(world, user, Int32Array.of(item), random);
        }

        expect(user.taken.get(item)).toBe(1);
        expect(utility(world, user, item)).toBeLessThan(before.own - 2);
        expect(utility(world, user, alike)).toBeLessThan(before.alike);
        expect(utility(world, user, alike)).toBeGreaterThan(before.alike - 0.5);
      }),
      { numRuns: 25 },
    );
  });

  it('never leave their ranges, and every session ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const { world } = worldOf({ drift: 0.3, interestStep: 1, patienceBonus: 3 }, seed);
        const user = makeUser(world, randomStream(seed, 'user'));
        const random = randomStream(seed, 'luck');
        let requests = 0;
        while (user.patience > 0) {
          const before = user.patience;
          respond(world, user, Int32Array.of(1, 2, 3), random);
          expect(user.patience).toBeLessThanOrEqual(before - 0.1 + 1e-12);
          requests++;
        }
        expect(requests).toBeLessThanOrEqual(101);
        for (const interest of user.interests) expect(Math.abs(interest)).toBeLessThanOrEqual(1);
        for (const own of user.satiation) expect(own).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 50 },
    );
  });

  it('draw as many numbers whatever is shown, so that two policies meet the same luck', () => {
    const { world } = worldOf();
    const user = makeUser(world, randomStream(3, 'user'));
    const next = [Int32Array.of(1), Int32Array.of(5, 6, 7, 8)].map((slate) => {
      const random = randomStream(3, 'luck');
      respond(world, copyUser(user), slate, random);
      return random.uniform();
    });

    expect(next[0]).toBe(next[1]);
  });
});

describe('The logging policy', () => {
  it('draws the first place with the propensity that it states', () => {
    const { world, plan } = worldOf({ items: 12, topics: 3, slate: 2 });
    const user = makeUser(world, randomStream(4, 'user'));
    const belief = makeBelief(world, randomStream(4, 'belief'));
    const random = randomStream(4, 'draws');
    const draws = 20_000;
    const counts = new Float64Array(12);
    const stated = new Float64Array(12);
    for (let draw = 0; draw < draws; draw++) {
      const { slate, propensity } = drawSlate(world, user, belief, plan.logging, random);
      expect(slate[0]).not.toBe(slate[1]);
      counts[slate[0]!]! += 1 / draws;
      stated[slate[0]!] = propensity;
    }

    expect(stated.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 6);
    counts.forEach((share, item) => {
      expect(Math.abs(share - stated[item]!)).toBeLessThan(0.015);
    });
  });

  it('writes the same logs with the same seed, and others with another one', () => {
    const logsOf = (seed: number) => {
      const { world, plan } = worldOf({}, seed);
      return writeLogs(world, plan.logging);
    };

    const first = logsOf(1);

    expect(logsOf(1)).toEqual(first);
    expect(logsOf(2).actions).not.toEqual(first.actions);
    expect(first.truth.size).toBe(first.actions.length);
    const taken = first.impressions.filter(({ place }) => place !== -1);
    expect(taken).toHaveLength(first.actions.length);
  });
});
