import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { simulatedAnswers } from '#cli/experiments/simulator/answers.ts';
import { planSimulation, policyNames } from '#cli/experiments/simulator/config.ts';
import { satisfaction, takeChance } from '#cli/experiments/simulator/dynamics.ts';
import { itemNumber, sequencesOf, truthKey, writeLogs } from '#cli/experiments/simulator/logs.ts';
import {
  informedPolicy,
  popularPolicy,
  randomPolicy,
} from '#cli/experiments/simulator/policies.ts';
import { makeNewcomers, meanReward, runSessions } from '#cli/experiments/simulator/sessions.ts';
import { runSimulation } from '#cli/experiments/simulator/simulate.ts';
import { simulationPictures, simulationTable } from '#cli/experiments/simulator/table.ts';
import { makeWorld } from '#cli/experiments/simulator/world.ts';
import { float16Values } from '#lib/recommender/data/float16.ts';
import { temporaryFolder } from '../../../temporary/folders.ts';
import { simulationOf } from './simulation-of.ts';

const planOf = (own: Record<string, unknown> = {}) => planSimulation(simulationOf(own), 'test');

describe('Policies in a world', () => {
  it('one that knows the truth beats what does not, and looking ahead pays where what tempts does not satisfy', () => {
    const plan = planOf({
      visitors: 200,
      worlds: { bait: { nothing: 2, bait: 2, qualityWeight: 0.8, patienceBonus: 2 } },
    });
    const world = makeWorld(plan.worlds[0]!.settings, 1);
    const logs = writeLogs(world, plan.logging);
    const counts = new Int32Array(60);
    for (const { item } of logs.actions) counts[item]!++;
    const vocabulary = {
      numbers: Int32Array.from(counts.keys()),
      counts,
      excludeHistory: true,
      slate: 3,
    };
    const newcomers = makeNewcomers(world, plan);
    const run = (policy: ReturnType<typeof randomPolicy>) =>
      meanReward(runSessions(world, newcomers, policy));

    const [random, popular, next, ahead] = [
      run(randomPolicy(vocabulary)),
      run(popularPolicy(vocabulary)),
      run(informedPolicy('next', world, 0)),
      run(informedPolicy('ahead', world, 0.4)),
    ];

    expect(popular).toBeGreaterThan(random);
    expect(next).toBeGreaterThan(1.2 * popular);
    expect(ahead).toBeGreaterThan(1.05 * next);
  });

  it('the same policy with the same seed has the same sessions; visitors are as they came', () => {
    const plan = planOf();
    const world = makeWorld(plan.worlds[0]!.settings, 1);
    const newcomers = makeNewcomers(world, plan);
    const before = structuredClone(newcomers);

    const sessions = runSessions(world, newcomers, informedPolicy('truth', world, 0.1));

    expect(runSessions(world, newcomers, informedPolicy('truth', world, 0.1))).toEqual(sessions);
    expect(newcomers).toEqual(before);
  });
});

describe('Function: simulatedAnswers', () => {
  /** Rewards said of logged actions, and the true satisfaction with them. */
  const saidAndTrue = (accuracy: number, controls: readonly string[] = []) => {
    const plan = planOf({
      logging: { users: 600, knowledge: 0.8 },
      worlds: { only: { satiationWeight: 0 } },
      environments: { good: { accuracy, controls } },
    });
    const world = makeWorld(plan.worlds[0]!.settings, 1);
    const logs = writeLogs(world, plan.logging);
    const built = sequencesOf(logs, plan.sequences);
    const { environment } = plan.models.at(-1)!;
    const answers = simulatedAnswers(world, logs, built, environment!);
    const truth = built.shards.flatMap(({ users, offsets, items, timestamps }) =>
      users.flatMap((user, row) =>
        Array.from(items.subarray(offsets[row]! + 1, offsets[row + 1]!), (item, at) => {
          const state = logs.truth.get(truthKey(user, timestamps[offsets[row]! + at]!))!;
          return satisfaction(world, state, itemNumber(built.itemTable.itemIds[item - 1]!));
        }),
      ),
    );
    return {
      said: answers.flatMap(({ rewards }) => [...rewards]),
      truth,
      answers,
      built,
      world,
      logs,
    };
  };

  /** Chances said of candidates, and those with which they are taken when they are offered by themselves. */
  const chancesOf = (accuracy: number) => {
    const { answers, built, world, logs } = saidAndTrue(accuracy);
    /** The vocabulary begins with what is taken most. */
    const mostPopularOpen = (part: number, row: number, at: number) => {
      const { offsets, items } = built.shards[part]!;
      const history = items.subarray(offsets[row]!, at + 1);
      const closed = new Set([...(built.manifest.excludeHistory ? history : []), items[at + 1]!]);
      let item = 1;
      while (closed.has(item)) item++;
      return item;
    };
    const chances = built.shards.flatMap(({ users, offsets, timestamps }, part) => {
      const { candidateOffsets, candidates, candidateChances } = answers[part]!;
      let transition = 0;
      return users.flatMap((user, row) =>
        Array.from(timestamps.subarray(offsets[row]!, offsets[row + 1]! - 1), (time, at) => {
          const state = logs.truth.get(truthKey(user, time))!;
          const slice = [candidateOffsets[transition]!, candidateOffsets[++transition]!] as const;
          const truthOf = (item: number) =>
            takeChance(world, state, itemNumber(built.itemTable.itemIds[item - 1]!));
          const popular = truthOf(mostPopularOpen(part, row, offsets[row]! + at));
          return Array.from(candidates.subarray(...slice), (item, index) => ({
            said: candidateChances[slice[0] + index]!,
            truth: truthOf(item),
            popular,
          }));
        }).flat(),
      );
    });
    return { chances };
  };
  const meanTruth = (items: readonly { readonly truth: number }[]) =>
    items.reduce((sum, { truth }) => sum + truth, 0) / items.length;

  it.each([
    { accuracy: 1, least: 0.8, most: 1 },
    { accuracy: 0.5, least: 0.35, most: 0.6 },
    { accuracy: 0, least: -0.1, most: 0.1 },
  ])('is as right as its accuracy $accuracy', ({ accuracy, least, most }) => {
    const { said, truth } = saidAndTrue(accuracy);

    expect(said).toHaveLength(truth.length);
    expect(said.length).toBeGreaterThan(500);
    const own = correlation(said, truth);
    expect(own).toBeGreaterThan(least);
    expect(own).toBeLessThan(most);
  });

  it('says nothing true once it is permuted', () => {
    const { said, truth } = saidAndTrue(1, ['rewards-permuted']);

    expect(Math.abs(correlation(said, truth))).toBeLessThan(0.1);
  });

  it('names candidates that are neither the logged action nor in the history', () => {
    const { answers, built } = saidAndTrue(1);
    const [answer] = answers;
    const { offsets, items, candidateOffsets, candidates, transitionOffsets } = answer!;

    for (let row = 0; row + 1 < offsets.length; row++) {
      for (let at = offsets[row]!; at + 1 < offsets[row + 1]!; at++) {
        const transition = transitionOffsets[row]! + at - offsets[row]!;
        const [from, to] = [candidateOffsets[transition]!, candidateOffsets[transition + 1]!];
        const own = [...candidates.subarray(from, to)];
        expect(own).not.toContain(items[at + 1]);
        const history = items.subarray(offsets[row]!, at + 1);
        if (built.manifest.excludeHistory) {
          expect(own.filter((item) => history.includes(item))).toEqual([]);
        }
        expect(new Set(own).size).toBe(own.length);
      }
    }
  });

  it('who knows the truth gives each candidate its true chance, 0 where it is not clearly above that of the most popular', () => {
    const { chances } = chancesOf(1);

    const kept = chances.filter(({ said }) => said > 0);
    expect(kept.length).toBeGreaterThan(200);
    expect(kept.length).toBeLessThan(chances.length);
    expect(Math.max(...kept.map(({ said, truth }) => Math.abs(said - truth)))).toBeLessThan(0.01);
    for (const { said, truth, popular } of chances) {
      if (Math.abs(truth - 1.2 * popular) > 0.01) expect(said > 0).toBe(truth > 1.2 * popular);
    }
  });

  it('the chances of a half-right environment are calibrated, one that knows nothing keeps no action', () => {
    const half = chancesOf(0.5).chances.filter(({ said }) => said > 0);
    const none = chancesOf(0).chances.filter(({ said }) => said > 0);

    const byChance = half.toSorted((a, b) => a.said - b.said);
    for (const part of [
      byChance.slice(0, byChance.length / 2),
      byChance.slice(byChance.length / 2),
    ]) {
      const said = part.reduce((sum, own) => sum + own.said, 0) / part.length;
      expect(Math.abs(said - meanTruth(part))).toBeLessThan(0.05);
    }
    expect(none).toEqual([]);
  });

  it('writes states as float16 numbers', () => {
    const { answers } = saidAndTrue(1);
    const values = float16Values();

    for (const bits of answers[0]!.states) expect(Math.abs(values[bits]!)).toBeLessThan(10);
  });
});

describe('Function: runSimulation', () => {
  let folder: string;
  beforeAll(() => {
    folder = temporaryFolder('simulation');
  });

  it('runs all policies, goes on where it stopped, and does nothing twice', async () => {
    const plan = planOf();
    let epochs = 0;
    let stopAt = 2;
    const hooks = {
      onTraining: () => {
        epochs++;
      },
      shouldStop: () => epochs >= stopAt,
    };

    await expect(runSimulation(plan, folder, hooks)).rejects.toThrow('run again to go on');
    stopAt = Number.POSITIVE_INFINITY;
    const results = await runSimulation(plan, folder, hooks);
    const epochsInAll = epochs;
    const again = await runSimulation(plan, folder, hooks);

    expect(epochs).toBe(epochsInAll);
    expect(again.worlds).toEqual(results.worlds);
    const [world] = results.worlds;
    expect(world!.policies.map(({ policy }) => policy)).toEqual(policyNames(plan));
    const rewardOf = (name: string) =>
      world!.policies.find(({ policy }) => policy === name)!.reward.value;
    for (const { policy } of world!.policies) {
      if (policy.startsWith('truth')) continue;
      expect(rewardOf('truth-session'), policy).toBeGreaterThan(rewardOf(policy));
    }
    expect(results.primary.worlds).toHaveLength(1);
    expect(readFileSync(join(folder, 'results.json'), 'utf8')).toContain('"sa2c-lea+good"');
    const table = simulationTable(results);
    expect(table).toContain('`sa2c-lea+good` less `supervised`');
    expect(table).toContain('| truth-session | 1 |');
    const pictures = simulationPictures(results);
    expect([...pictures.keys()]).toEqual(['only.svg']);
    expect(pictures.get('only.svg')).toContain('xmlns="http://www.w3.org/2000/svg"');
  });

  it('does not take a damaged or foreign cell for its own', async () => {
    const plan = planOf({ visitors: 61, rivals: [] });
    const first = await runSimulation(plan, folder);
    const path = join(folder, 'only/seed-1/random.json');
    const cell = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...cell, fingerprint: 'other', sessions: [] }));

    const again = await runSimulation(plan, folder);

    expect(again.worlds).toEqual(first.worlds);
  });
});

describe('Function: planSimulation', () => {
  it.each([
    ['an unknown key', { wrong: 1 }, 'wrong'],
    ['an unknown setting of a world', { worlds: { only: { gravity: 1 } } }, 'gravity'],
    ['no world', { worlds: {} }, 'worlds'],
    ['a primary policy that is none', { primary: { policy: 'x', against: 'random' } }, '"x"'],
    ['an environment that is not there', { environments: {} }, 'environments'],
    [
      'an accuracy beyond 1',
      { environments: { good: { accuracy: 1.2 } } },
      'environments.good.accuracy',
    ],
  ])('refuses %s', (_, own, message) => {
    expect(() => planOf(own)).toThrow(message);
  });

  it('gives each world its own settings over the common ones', () => {
    const { worlds } = planOf({ worlds: { a: { bait: 1 }, b: { items: 70 } } });

    expect(worlds.map(({ settings }) => [settings.items, settings.bait])).toEqual([
      [60, 1],
      [70, 0],
    ]);
  });
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = mean(a.map((value, at) => (value - meanA) * (b[at]! - meanB)));
  const spread = (values: readonly number[], centre: number) =>
    Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
  return product / (spread(a, meanA) * spread(b, meanB));
}
