import { holm } from '../corrections.ts';
import type { Scores } from '../scores.ts';
import { bootstrapDifference, bootstrapSeeds, type SeededMean } from '../seeded-means.ts';
import { informed, policyNames, type SimulationPlan } from './config.ts';
import type { SessionResult } from './sessions.ts';

/** A policy in a world with a seed. */
export interface CellResult {
  readonly world: string;
  readonly seed: number;
  readonly policy: string;
  /** Hash of everything that the sessions depend on, but for the code. */
  readonly fingerprint: string;
  /** `[visitors]` */
  readonly sessions: readonly SessionResult[];
  /** Of a network on the logs' test cases: what next-item metrics say of it. */
  readonly offline: Scores | null;
  readonly data: { readonly users: number; readonly items: number; readonly interactions: number };
  readonly finishedAt: string;
}

/** A policy in a world, all seeds together. */
export interface PolicyResult {
  readonly policy: string;
  readonly seeds: number;
  /** Reward of a session. */
  readonly reward: SeededMean;
  /** Reward less that of the policy `primary.against`, same users and seeds; null for itself. */
  readonly difference: SeededMean | null;
  readonly requests: number;
  readonly actions: number;
  readonly purchases: number;
  /** NDCG@10 on the logs' test cases. */
  readonly ndcg10: number | null;
}

/** `results.json`. */
export interface SimulationResults {
  readonly plan: SimulationPlan;
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly primary: {
    readonly policy: string;
    readonly against: string;
    /** By world, p-values corrected for the number of worlds (Holm). */
    readonly worlds: readonly (SeededMean & { readonly world: string; readonly holm: number })[];
  };
  readonly worlds: readonly {
    readonly world: string;
    readonly data: CellResult['data'];
    readonly policies: readonly PolicyResult[];
    /** What looking beyond the next request gives to somebody who knows everything: the most there is to reinforce. */
    readonly ahead: SeededMean | null;
  }[];
}

/** Sums up what is finished; a policy counts with the seeds that it shares with the one it is compared with. */
export function summariseSimulation(
  plan: SimulationPlan,
  finished: readonly CellResult[],
  provenance: SimulationResults['provenance'],
): SimulationResults {
  const cellsOf = (world: string, policy: string) =>
    finished.filter((cell) => cell.world === world && cell.policy === policy);
  const rewards = (cells: readonly CellResult[]) =>
    cells.map(({ sessions }) => Float64Array.from(sessions, ({ reward }) => reward));
  const difference = (world: string, a: string, b: string): SeededMean | null => {
    const [left, right] = [cellsOf(world, a), cellsOf(world, b)];
    const shared = left.filter(({ seed }) => right.some((cell) => cell.seed === seed));
    const peers = shared.flatMap(({ seed }) => right.filter((cell) => cell.seed === seed));
    return a === b || shared.length === 0
      ? null
      : bootstrapDifference(rewards(shared), rewards(peers));
  };
  const worlds = plan.worlds.flatMap(({ name: world }) => {
    const policies = policyNames(plan).flatMap((policy): PolicyResult[] => {
      const cells = cellsOf(world, policy);
      if (cells.length === 0) return [];
      const mean = (key: 'requests' | 'actions' | 'purchases') =>
        average(cells.map(({ sessions }) => average(sessions.map((session) => session[key]))));
      const offline = cells.flatMap((cell) => cell.offline?.ndcg10 ?? []);
      return [
        {
          policy,
          seeds: cells.length,
          reward: bootstrapSeeds(rewards(cells)),
          difference: difference(world, policy, plan.primary.against),
          requests: mean('requests'),
          actions: mean('actions'),
          purchases: mean('purchases'),
          ndcg10: offline.length === 0 ? null : average(offline),
        },
      ];
    });
    const first = finished.find((cell) => cell.world === world);
    if (first === undefined) return [];
    const ahead = difference(world, informed[1], informed[0]);
    return [{ world, data: first.data, policies, ahead }];
  });
  const primaries = worlds.flatMap(({ world, policies }) => {
    const own = policies.find(({ policy }) => policy === plan.primary.policy)?.difference;
    return own ? [{ world, ...own }] : [];
  });
  const corrected = holm(primaries.map(({ p }) => p));
  return {
    plan,
    provenance,
    primary: {
      ...plan.primary,
      worlds: primaries.map((own, at) => ({ ...own, holm: corrected[at]! })),
    },
    worlds,
  };
}

/** Rewards that a unit of patience is tried to be worth. */
const worths = [0, 0.05, 0.1, 0.2, 0.4, 0.8] as const;

/** The one with which sessions bring most. */
export function worldWorth(rewardWith: (worth: number) => number): number {
  let best: { worth: number; reward: number } | undefined;
  for (const worth of worths) {
    const reward = rewardWith(worth);
    if (best === undefined || reward > best.reward) best = { worth, reward };
  }
  return best!.worth;
}

const average = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
