import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { partFile } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
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
import { askEnvironment, fitEnvironment, readAnswers } from './fitted.ts';
import {
  type CellMeasurement,
  type Provenance,
  type StudyResults,
  summariseStudy,
  type TrainedRecommender,
} from './results.ts';

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
      const fit = await fitEnvironment(
        containers,
        {
          baseModels: plan.baseModels,
          environment: cell.config.environment,
          window: cell.config.sequences.window,
        },
        sequences,
        environment,
      );
      const augmented = join(folder, 'augmented');
      const augmentation = isOnlyFitted
        ? null
        : await askEnvironment(
            containers,
            cell.config.environment,
            built.shards,
            environment,
            augmented,
          );
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
  const answers = readAnswers(augmented, shards.length);
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
