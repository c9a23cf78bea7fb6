import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { partFile } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import {
  type AugmentedShard,
  decodeAugmentedShard,
  encodeAugmentedShard,
} from '#lib/environment/augmented-shard.ts';
import {
  decodeEnvironmentResponse,
  type EnvironmentClient,
  encodeEnvironmentRequest,
} from '#lib/environment/client.ts';
import { decodeRanks } from '#lib/evaluation/ranks.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import type { ContainerProgress } from '#local/sagemaker/container.ts';
import { prepareSequences } from '../../data/prepare-sequences.ts';
import { currentCommit, machine } from '../provenance.ts';
import { writeWhole } from '../whole-file.ts';
import { folderName, type StudyCell, type StudyModel, type StudyPlan } from './config.ts';
import { Containers } from './containers.ts';
import { applyControl, type ControlName, isControlled } from './controls.ts';
import {
  type Augmentation,
  type CellMeasurement,
  type Provenance,
  type StudyResults,
  summariseStudy,
  type TrainedRecommender,
} from './results.ts';

/** Requests that are with the environment at the same time, so that it never waits for one. */
const CONCURRENCY = 2;

/** What a study tells while it runs. */
export interface StudyHooks {
  onProgress?(cell: string, progress: ContainerProgress): void;
  onCell?(results: StudyResults): void;
  /** Gets the report that each file would get as an upload. */
  onReport?(report: UploadReport): void;
}

/**
 * Fits every environment of the grid, augments the training sequences with each, trains the recommenders on them, and
 * writes `results.json` and `study.md` after every cell. All of it is done by the product's own containers. A step that
 * is finished in the folder is not done again; a job that was stopped goes on from its checkpoint.
 *
 * @param signal stops the study
 * @throws PipelineError `Stopped` if `signal` ended it, or what failed
 */
export async function runStudy(
  plan: StudyPlan,
  out: string,
  signal: AbortSignal,
  hooks: StudyHooks = {},
): Promise<StudyResults> {
  let cellName = 'sequences';
  const containers = new Containers(signal, (progress) => hooks.onProgress?.(cellName, progress));
  try {
    const { config } = plan.cells[0]!;
    const { built, folder: sequences } = await prepareSequences(
      { interactions: plan.interactions, items: plan.items, format: 'interactions' },
      config,
      resolve(out),
      hooks.onReport,
    );
    const vectors = vectorsChannel(plan, out);
    const data = folderKey(built, vectors);
    const train = (entry: StudyModel, folder: string, augmented?: string) =>
      trainRecommender(containers, config, entry, join(folder, folderOf(entry, data)), {
        sequences,
        ...(augmented !== undefined && { augmented: resolve(augmented) }),
        ...(vectors !== undefined && { vectors: vectors.folder }),
      });
    cellName = 'without environment';
    const plain: TrainedRecommender[] = [];
    const isOnlyFitted = plan.augmented.length === 0;
    for (const entry of isOnlyFitted ? [] : plan.plain) {
      plain.push(await train(entry, join(out, 'recommenders')));
    }
    const cells: CellMeasurement[] = [];
    let results: StudyResults | undefined;
    for (const cell of plan.cells) {
      cellName = cell.name;
      const folder = join(out, 'cells', folderName(cell.name, cell.config.environment, data));
      const environment = join(folder, 'environment');
      const fit = await fitEnvironment(containers, plan, cell, sequences, environment);
      const augmented = join(folder, 'augmented');
      const augmentation = isOnlyFitted
        ? null
        : await augment(containers, cell, built, environment, augmented);
      const recommenders: TrainedRecommender[] = [];
      for (const entry of plan.augmented) {
        recommenders.push(await train(entry, folder, augmented));
      }
      const controls: CellMeasurement['controls'][number][] = [];
      for (const name of plan.controls) {
        const entries = plan.augmented.filter(({ model }) => isControlled(name, model.lea!));
        if (entries.length === 0) continue;
        cellName = `${cell.name}, ${name}`;
        const place = join(folder, 'controls', name);
        const replaced = join(place, 'augmented');
        await writeControl(name, cell, built, augmented, replaced);
        const trained: TrainedRecommender[] = [];
        for (const entry of entries) trained.push(await train(entry, place, replaced));
        controls.push({ name, recommenders: trained });
      }
      const provenance = recordOnce(join(folder, 'provenance.json'));
      cells.push({
        cell,
        folder: relative(out, folder),
        fit,
        augmentation,
        recommenders,
        controls,
        provenance,
      });
      results = summariseStudy(plan, built, plain, cells);
      writeWhole(join(out, 'results.json'), results);
      hooks.onCell?.(results);
    }
    return results!;
  } finally {
    await containers.close();
  }
}

/** The container's `metrics.json`. */
async function fitEnvironment(
  containers: Containers,
  plan: StudyPlan,
  { config }: StudyCell,
  sequences: string,
  root: string,
): Promise<Record<string, unknown>> {
  const basemodel = join(plan.baseModels, config.environment.baseModel);
  if (!existsSync(basemodel)) {
    throw new MissingArtefactError(`${basemodel} is missing: put the base model's folder there.`);
  }
  await containers.train({
    image: 'lea-environment',
    root: resolve(root),
    hyperparameters: {
      config: JSON.stringify(config.environment),
      window: String(config.sequences.window),
    },
    channels: { sequences, basemodel },
  });
  return readJson(join(root, 'model/metrics.json'));
}

/** Asks about every training shard that is not there yet, and adds up what it cost. */
async function augment(
  containers: Containers,
  { config }: StudyCell,
  { shards }: BuiltSequences,
  environment: string,
  folder: string,
): Promise<Augmentation> {
  mkdirSync(folder, { recursive: true });
  const costFile = join(dirname(folder), 'augmentation.json');
  const before: Augmentation = existsSync(costFile)
    ? readJson(costFile)
    : { transitions: 0, cpuSeconds: 0 };
  const fileOf = (part: number) => join(folder, partFile(part));
  const missing = shards.map((_, part) => part).filter((part) => !existsSync(fileOf(part)));
  if (missing.length === 0) return before;
  const { candidates } = config.environment;
  let transitions = 0;
  const ask = async (client: EnvironmentClient) => {
    for (let part = missing.shift(); part !== undefined; part = missing.shift()) {
      const shard = shards[part]!;
      const response = await client.augment(encodeEnvironmentRequest(shard, candidates));
      const augmented = decodeEnvironmentResponse(response, shard, { candidates });
      await writeFile(`${fileOf(part)}.tmp`, encodeAugmentedShard(augmented));
      await rename(`${fileOf(part)}.tmp`, fileOf(part));
      transitions += augmented.rewards.length;
    }
  };
  let failure: unknown;
  const cpuSeconds = await containers.serve(resolve(environment), async (client) => {
    await Promise.all(Array.from({ length: CONCURRENCY }, () => ask(client))).catch((error) => {
      failure = error; // what was answered is there, and has cost what it has cost
    });
  });
  const cost: Augmentation = {
    transitions: before.transitions + transitions,
    cpuSeconds: before.cpuSeconds + cpuSeconds,
  };
  writeWhole(costFile, cost);
  if (failure !== undefined) throw failure;
  return cost;
}

/** Writes the answers with a part of them replaced, unless they are there. */
async function writeControl(
  name: ControlName,
  { config }: StudyCell,
  { itemTable, shards, manifest }: BuiltSequences,
  augmented: string,
  folder: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const fileOf = (part: number) => join(folder, partFile(part));
  if (shards.every((_, part) => existsSync(fileOf(part)))) return;
  const answers = shards.map(
    (_, part): AugmentedShard =>
      decodeAugmentedShard(readFileSync(join(augmented, partFile(part)))),
  );
  const { baskets, excludeHistory } = manifest;
  const data = { itemTable, shards, baskets, excludeHistory };
  const replaced = applyControl(name, answers, data, config.environment.seed);
  for (const [part, shard] of replaced.entries()) {
    await writeFile(`${fileOf(part)}.tmp`, encodeAugmentedShard(shard));
    await rename(`${fileOf(part)}.tmp`, fileOf(part));
  }
}

/** The vectors as the trainer's channel, and what tells them from others; undefined where no model reads any. */
function vectorsChannel({ vectors }: StudyPlan, out: string) {
  if (vectors === undefined) return undefined;
  if (!existsSync(vectors)) {
    throw new MissingArtefactError(
      `${vectors} is missing: make the items' vectors with \`lea vectors\` and give their file.`,
    );
  }
  const folder = resolve(out, 'vectors');
  mkdirSync(folder, { recursive: true });
  copyFileSync(vectors, join(folder, 'item-vectors.arrow'));
  return { folder, hash: createHash('sha256').update(readFileSync(vectors)).digest('hex') };
}

/** What makes two trainings of one model the same besides its settings. */
function folderKey({ manifest }: BuiltSequences, vectors: { readonly hash: string } | undefined) {
  const { dataHash, excludeHistory, baskets } = manifest;
  return JSON.stringify([dataHash, excludeHistory, baskets, vectors?.hash]);
}

async function trainRecommender(
  containers: Containers,
  config: PipelineConfig,
  { model, seed }: StudyModel,
  root: string,
  channels: Readonly<Record<string, string>>,
): Promise<TrainedRecommender> {
  const { models: _, ...training } = config.training;
  await containers.train({
    image: 'lea-trainer',
    root: resolve(root),
    hyperparameters: {
      task: 'train',
      run: 'study',
      training: JSON.stringify(training),
      model: JSON.stringify(model),
      recipe: recipeOf(config, model),
    },
    channels,
  });
  const bytes = readFileSync(join(root, 'model/ranks/test.bin'));
  return { name: model.name, seed, ranks: decodeRanks(bytes, bytes.length / 4, root) };
}

/** Where and with what a finished cell was measured; a later run of the study leaves it as it is. */
function recordOnce(path: string): Provenance {
  if (!existsSync(path)) {
    const finishedAt = new Date().toISOString();
    writeWhole(path, { commit: currentCommit(), machine: machine(), finishedAt });
  }
  return readJson(path);
}

const folderOf = ({ model, seed }: StudyModel, data: string) =>
  folderName(`${model.name}-seed-${seed}`, model, data);

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
