import { createHash } from 'node:crypto';
import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EnvironmentConfig } from '#lib/contracts/config/environment.ts';
import { type AugmentedShard, encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { environmentMetrics } from '#lib/environment/metrics.ts';
import { randomStream } from '#lib/recommender/random.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import { encodeItemTable, type ItemTable } from '#lib/sequences/item-table.ts';
import type { EnvironmentControl } from './arms.ts';
import { folderName } from './environment-study/config.ts';
import { Containers } from './environment-study/containers.ts';
import { permutation } from './environment-study/control-values.ts';
import { applyControl, type ControlName } from './environment-study/controls.ts';
import { askEnvironment, fitEnvironment, readAnswers } from './environment-study/fitted.ts';
import type { EnvironmentAnswers } from './networks.ts';
import { randomBaseModel } from './random-base-model.ts';
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
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, Promise<readonly AugmentedShard[]>>();
  readonly #results = new Map<string, EnvironmentResult>();

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
    this.#signal = signal;
    this.#containers = new Containers(signal, ({ name, stage, progress }) =>
      onStage(`${name}: ${stage}`, progress),
    );
  }

  /** Environments that were fitted so far. */
  get results(): readonly EnvironmentResult[] {
    return [...this.#results.values()];
  }

  /**
   * The answers to the training shards, in their order, with a part of them replaced.
   *
   * @param made how the environment is fitted, if not as it is
   */
  async answers(
    name: string,
    control: ControlName | undefined,
    made?: EnvironmentControl,
  ): Promise<EnvironmentAnswers> {
    const key = made === undefined ? name : `${name}, ${made}`;
    const known = this.#known.get(key) ?? this.#ask(name, made);
    this.#known.set(key, known);
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

  /** Fits environments that nobody asked. */
  async fitOthers(): Promise<void> {
    for (const name of Object.keys(this.#plan.environments)) {
      if (!this.#results.has(name)) await this.#fit(name, undefined);
    }
  }

  async close(): Promise<void> {
    await this.#containers.close();
  }

  async #ask(name: string, made: EnvironmentControl | undefined) {
    const { shards } = this.#built;
    const { folder, root, result } = await this.#fit(name, made);
    const augmented = join(folder, 'augmented');
    const asked = await askEnvironment(this.#containers, result.settings, shards, root, augmented);
    this.#results.set(result.name, {
      ...result,
      askCpuSeconds: asked.cpuSeconds,
      transitions: asked.transitions,
    });
    return readAnswers(augmented, shards.length);
  }

  async #fit(name: string, made: EnvironmentControl | undefined) {
    const { environments, out } = this.#plan;
    const settings = environments[name]!;
    const { window, dataHash } = this.#built.manifest;
    const own = made === undefined ? name : `${name}, ${made}`;
    const makeup = [settings, dataHash, ...(made === undefined ? [] : [made])];
    const folder = resolve(join(out, 'environments', folderName(own, ...makeup)));
    const root = join(folder, 'environment');
    const fit = await fitEnvironment(
      this.#containers,
      { baseModels: await this.#baseModels(settings, made), environment: settings, window },
      // One that is fitted is not fitted again, whatever it would be given.
      made === 'texts-permuted' && !existsSync(join(root, 'model/manifest.json'))
        ? this.#permutedSequences()
        : this.#sequences,
      root,
    );
    const metrics = environmentMetrics.parse(fit);
    const result: EnvironmentResult = {
      name: own,
      settings,
      parameters: metrics.parameters,
      users: metrics.users,
      tokens: metrics.tokens,
      flops: Number(fit.itemTokenFlops) + Number(fit.adapterFlops),
      fitCpuSeconds: Number(fit.cpuSeconds),
      askCpuSeconds: null,
      transitions: 0,
      pairAccuracy: metrics.pairAccuracy,
      popularityPairAccuracy: Number(fit.popularityPairAccuracy),
      heldOutPositions: Number(fit.heldOutPositions),
      recallAt10: metrics.recallAt10,
      popularityRecallAt10: metrics.popularityRecallAt10,
    };
    this.#results.set(own, this.#results.get(own) ?? result);
    return { folder, root, result };
  }

  async #baseModels(
    { baseModel }: EnvironmentConfig,
    made: EnvironmentControl | undefined,
  ): Promise<string> {
    const { baseModels, out } = this.#plan;
    if (made !== 'base-model-random') return baseModels;
    const twins = resolve(out, 'random-base-models');
    await randomBaseModel(resolve(baseModels), baseModel, twins, this.#signal);
    return twins;
  }

  /** The sequences' folder with another item's text for every item. */
  #permutedSequences(): string {
    const folder = `${this.#sequences.replace(/\/$/, '')}-texts-permuted`;
    if (existsSync(folder)) rmSync(folder, { recursive: true });
    cpSync(this.#sequences, `${folder}.tmp`, { recursive: true });
    const table = encodeItemTable(permuteItemTexts(this.#built.itemTable));
    writeFileSync(join(`${folder}.tmp`, 'items.arrow'), table);
    renameSync(`${folder}.tmp`, folder);
    return folder;
  }
}

/** Titles and fields dealt out anew among the items, as `textsOf` deals out their vectors. */
function permuteItemTexts(table: ItemTable): ItemTable {
  const order = permutation(table.itemIds.length, randomStream(1, 'texts'));
  return {
    ...table,
    titles: table.titles.map((_, item) => table.titles[order[item]!]!),
    fields: table.fields.map((_, item) => table.fields[order[item]!]!),
  };
}
