import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { EnvironmentConfig } from '#lib/contracts/config/environment.ts';
import { type AugmentedShard, encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { environmentMetrics } from '#lib/environment/metrics.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import { folderName } from './environment-study/config.ts';
import { Containers } from './environment-study/containers.ts';
import { applyControl, type ControlName } from './environment-study/controls.ts';
import { askEnvironment, fitEnvironment, readAnswers } from './environment-study/fitted.ts';
import type { EnvironmentAnswers } from './networks.ts';
import type { EnvironmentResult } from './results.ts';

/** What answers models with `lea`: environments by name, on a data set whose sequences are in a folder. */
export interface AnswersPlan {
  readonly environments: Readonly<Record<string, EnvironmentConfig>>;
  readonly baseModels: string;
  readonly out: string;
}

/** Fits environments, asks them about all training rows, and replaces parts of their answers; all of it once. */
export class EnvironmentAnswerer {
  readonly #plan: AnswersPlan;
  readonly #built: BuiltSequences;
  readonly #sequences: string;
  readonly #containers: Containers;
  readonly #known = new Map<string, Promise<readonly AugmentedShard[]>>();
  readonly #results: EnvironmentResult[] = [];

  /**
   * @param sequences a run's `sequences/` folder, of the same data
   * @param signal stops what runs
   * @param onStage told what is going on
   */
  constructor(
    plan: AnswersPlan,
    built: BuiltSequences,
    sequences: string,
    signal: AbortSignal,
    onStage: (stage: string, progress: number) => void,
  ) {
    this.#plan = plan;
    this.#built = built;
    this.#sequences = sequences;
    this.#containers = new Containers(signal, ({ name, stage, progress }) =>
      onStage(`${name}: ${stage}`, progress),
    );
  }

  /** Environments that were fitted so far. */
  get results(): readonly EnvironmentResult[] {
    return this.#results;
  }

  /** The answers to the training shards, in their order, with a part of them replaced. */
  async answers(name: string, control: ControlName | undefined): Promise<EnvironmentAnswers> {
    const known = this.#known.get(name) ?? this.#make(name);
    this.#known.set(name, known);
    const own = await known;
    const { manifest, itemTable, shards } = this.#built;
    const { seed } = this.#plan.environments[name]!;
    const replaced =
      control === undefined
        ? own
        : applyControl(control, own, { ...manifest, itemTable, shards }, seed);
    const hash = createHash('sha256');
    for (const shard of replaced) hash.update(encodeAugmentedShard(shard));
    return { shards: replaced, hash: hash.digest('hex') };
  }

  async close(): Promise<void> {
    await this.#containers.close();
  }

  async #make(name: string): Promise<readonly AugmentedShard[]> {
    const { environments, baseModels, out } = this.#plan;
    const environment = environments[name]!;
    const { manifest, shards } = this.#built;
    const folder = resolve(
      join(out, 'environments', folderName(name, environment, manifest.dataHash)),
    );
    const root = join(folder, 'environment');
    const augmented = join(folder, 'augmented');
    const { window } = manifest;
    const fit = await fitEnvironment(
      this.#containers,
      { baseModels, environment, window },
      this.#sequences,
      root,
    );
    const asked = await askEnvironment(this.#containers, environment, shards, root, augmented);
    const metrics = environmentMetrics.parse(fit);
    this.#results.push({
      name,
      settings: environment,
      fitCpuSeconds: Number(fit.cpuSeconds),
      askCpuSeconds: asked.cpuSeconds,
      transitions: asked.transitions,
      pairAccuracy: metrics.pairAccuracy,
      popularityPairAccuracy: Number(fit.popularityPairAccuracy),
      recallAt10: metrics.recallAt10,
      popularityRecallAt10: metrics.popularityRecallAt10,
    });
    return readAnswers(augmented, shards.length);
  }
}
