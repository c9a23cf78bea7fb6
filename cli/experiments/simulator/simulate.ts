import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryKind } from '#lib/contracts/config/training.ts';
import { encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { judgeNetwork } from '#lib/evaluation/network-blend.ts';
import { fitScorers } from '#lib/evaluation/rivals/fit-scorers.ts';
import { nativeBackend } from '#lib/graph/tensorflow.ts';
import type { TrainingProgress } from '#lib/recommender/training-task.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import { versions } from '../../../containers/trainer/versions.ts';
import { type EnvironmentAnswers, networkOf } from '../networks.ts';
import { currentCommit, machine } from '../provenance.ts';
import { type Scores, scoresOf } from '../scores.ts';
import { writeWhole } from '../whole-file.ts';
import { simulatedAnswers } from './answers.ts';
import {
  type EnvironmentSettings,
  policyNames,
  type SimulatedModel,
  type SimulationPlan,
} from './config.ts';
import { itemNumber, type SimulatedLogs, sequencesOf, writeLogs } from './logs.ts';
import {
  informedPolicy,
  networkPolicy,
  type Policy,
  popularPolicy,
  randomPolicy,
  rivalPolicy,
  type Vocabulary,
} from './policies.ts';
import {
  type CellResult,
  type SimulationResults,
  summariseSimulation,
  worldWorth,
} from './results.ts';
import { makeNewcomers, meanReward, type Newcomer, runSessions } from './sessions.ts';
import { makeWorld, type World } from './world.ts';

/** What a simulation tells while it runs. */
export interface SimulationHooks {
  onCell?(cell: {
    readonly world: string;
    readonly seed: number;
    readonly policy: string;
    readonly reward: number;
    readonly finished: number;
    readonly cells: number;
  }): void;
  onTraining?(policy: string, progress: TrainingProgress): void;
  /** True stops with a checkpoint; the same call later goes on from it. */
  shouldStop?(): boolean;
}

/**
 * In every world, with every seed: writes logs with the logging policy, trains the models on them with the product's
 * own trainer, and runs every policy for a whole session of every visitor. Writes `results.json` after every world and
 * seed. A cell that is finished in the folder is not run again.
 *
 * @param out folder of `results.json` and everything behind it
 * @throws PipelineError `Stopped` if `shouldStop` ended it
 */
export async function runSimulation(
  plan: SimulationPlan,
  out: string,
  hooks: SimulationHooks = {},
): Promise<SimulationResults> {
  nativeBackend();
  const finished: CellResult[] = [];
  const names = policyNames(plan);
  const cells = plan.worlds.length * plan.seeds * names.length;
  const provenance = { commit: currentCommit(), machine: machine(), versions: versions() };
  // Seeds outermost: what is there after a while says something of every world.
  for (let seed = plan.firstSeed; seed < plan.firstSeed + plan.seeds; seed++) {
    for (const { name: worldName, settings } of plan.worlds) {
      const world = makeWorld(settings, seed);
      const place = new Place(plan, world, join(out, worldName, `seed-${seed}`), hooks);
      for (const name of names) {
        const cell = await place.cell(worldName, name);
        finished.push(cell);
        const reward = meanReward(cell.sessions);
        hooks.onCell?.({
          world: worldName,
          seed,
          policy: name,
          reward,
          finished: finished.length,
          cells,
        });
      }
      writeWhole(join(out, 'results.json'), summariseSimulation(plan, finished, provenance));
    }
  }
  return summariseSimulation(plan, finished, provenance);
}

/** A world of one seed: what is made in it is made once, and only when a cell needs it. */
class Place {
  readonly #plan: SimulationPlan;
  readonly #world: World;
  readonly #folder: string;
  readonly #hooks: SimulationHooks;
  #logs: SimulatedLogs | undefined;
  #built: BuiltSequences | undefined;
  #newcomers: readonly Newcomer[] | undefined;
  readonly #answers = new Map<string, EnvironmentAnswers>();

  constructor(plan: SimulationPlan, world: World, folder: string, hooks: SimulationHooks) {
    this.#plan = plan;
    this.#world = world;
    this.#folder = folder;
    this.#hooks = hooks;
  }

  /** Runs a policy, or reads what it came to in this folder with the same settings. */
  async cell(worldName: string, policy: string): Promise<CellResult> {
    const path = join(this.#folder, `${policy}.json`);
    const fingerprint = this.#fingerprint(policy);
    if (existsSync(path)) {
      const cell = JSON.parse(readFileSync(path, 'utf8')) as CellResult;
      if (cell.fingerprint === fingerprint) return cell;
    }
    const { made, offline } = await this.#make(policy);
    try {
      const sessions = runSessions(this.#world, this.#visitors(), made);
      const logged = this.#sequences().manifest;
      const cell: CellResult = {
        world: worldName,
        seed: this.#world.seed,
        policy,
        fingerprint,
        sessions,
        offline,
        data: { users: logged.users, items: logged.items, interactions: logged.interactions },
        finishedAt: new Date().toISOString(),
      };
      writeWhole(path, cell);
      return cell;
    } finally {
      made.dispose?.();
    }
  }

  /** Whatever could change what a policy comes to is in here. */
  #fingerprint(policy: string): string {
    const { visitors, opening, logging, sequences, models } = this.#plan;
    const model = models.find(({ name }) => name === policy);
    const { settings, seed } = this.#world;
    return createHash('sha256')
      .update(
        JSON.stringify([policy, model, settings, seed, visitors, opening, logging, sequences]),
      )
      .digest('hex');
  }

  async #make(policy: string): Promise<{ made: Policy; offline: Scores | null }> {
    const world = this.#world;
    const vocabulary = this.#vocabulary();
    const model = this.#plan.models.find(({ name }) => name === policy);
    if (model !== undefined) return this.#train(model, vocabulary);
    switch (policy) {
      case 'random':
        return { made: randomPolicy(vocabulary), offline: null };
      case 'popularity':
        return { made: popularPolicy(vocabulary), offline: null };
      case 'truth-next':
        return { made: informedPolicy(policy, world, 0), offline: null };
      case 'truth-session':
        return { made: informedPolicy(policy, world, this.#worth()), offline: null };
      default: {
        const built = this.#sequences();
        const data = { ...built, baskets: built.manifest.baskets };
        const { excludeHistory } = built.manifest;
        const [scorer] = fitScorers(data, built.validation, excludeHistory, [
          policy as HistoryKind,
        ]);
        if (scorer === undefined) return { made: popularPolicy(vocabulary), offline: null };
        return { made: rivalPolicy(scorer, vocabulary), offline: null };
      }
    }
  }

  /** What patience is worth, measured on users who are not the visitors. */
  #worth(): number {
    const others = makeNewcomers(this.#world, { ...this.#plan, visitors: 100 }, 'rehearsal');
    return worldWorth((worth) =>
      meanReward(runSessions(this.#world, others, informedPolicy('rehearsal', this.#world, worth))),
    );
  }

  async #train({ name, model, environment }: SimulatedModel, vocabulary: Vocabulary) {
    const built = this.#sequences();
    const seeded = { ...model, seed: this.#world.seed };
    const { network } = await networkOf(
      built,
      seeded,
      undefined,
      this.#folder,
      {
        shouldStop: () => this.#hooks.shouldStop?.() ?? false,
        onProgress: (progress) => this.#hooks.onTraining?.(name, progress),
      },
      environment && this.#answersOf(environment),
    );
    const { split } = built.manifest;
    const judged = judgeNetwork(
      network,
      undefined,
      undefined,
      { events: built.events, split },
      built,
    );
    return {
      made: networkPolicy(name, network, vocabulary),
      offline: scoresOf(judged.test.ranks),
    };
  }

  #answersOf(environment: EnvironmentSettings & { readonly name: string }): EnvironmentAnswers {
    const known = this.#answers.get(environment.name);
    if (known !== undefined) return known;
    const shards = simulatedAnswers(
      this.#world,
      this.#writtenLogs(),
      this.#sequences(),
      environment,
    );
    const hash = createHash('sha256');
    for (const shard of shards) hash.update(encodeAugmentedShard(shard));
    const answers = { shards, hash: hash.digest('hex') };
    this.#answers.set(environment.name, answers);
    return answers;
  }

  #writtenLogs(): SimulatedLogs {
    this.#logs ??= writeLogs(this.#world, this.#plan.logging);
    return this.#logs;
  }

  #sequences(): BuiltSequences {
    this.#built ??= sequencesOf(this.#writtenLogs(), this.#plan.sequences);
    return this.#built;
  }

  #visitors(): readonly Newcomer[] {
    this.#newcomers ??= makeNewcomers(this.#world, this.#plan);
    return this.#newcomers;
  }

  #vocabulary(): Vocabulary {
    const { itemTable, manifest } = this.#sequences();
    return {
      numbers: Int32Array.from(itemTable.itemIds, itemNumber),
      counts: itemTable.counts,
      excludeHistory: manifest.excludeHistory,
      slate: this.#world.settings.slate,
    };
  }
}
