import { join } from 'node:path';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import type { Folders } from './contract.ts';
import { train } from './train.ts';

/** A training that somebody runs by hand, outside of any job. */
export interface TrainingByHand {
  /** Folder with what a run has below `sequences/`. */
  readonly sequences: string;
  /** Folder with its augmented shards; only for models that use the LE. */
  readonly augmented: string | undefined;
  /** Folder of `item-vectors.arrow`; only for models that use their items' texts. */
  readonly vectors?: string | undefined;
  readonly model: ResolvedModel;
  /** The model goes here; checkpoints to `checkpoints/` in it, from which a stopped training goes on. */
  readonly out: string;
}

/** How far a training is. */
export interface ByHandProgress {
  readonly stage: string;
  /** 0-1 of the stage; training usually stops before `maximumEpochs`. */
  readonly progress: number;
  /** `epoch`, `loss`, `validation_ndcg@10`, `targets_per_second`, `eta_seconds`, as far as known. */
  readonly values: Readonly<Record<string, number | string | undefined>>;
}

/**
 * The settings of a configured model.
 *
 * @param name of one of `training.models`; the first unless given
 * @param given what there is besides sequences: a folder of augmented shards, a file of item vectors
 * @throws ConfigError if there is no model of that name, or it needs what is not given
 */
export function chooseModel(
  config: PipelineConfig,
  name: string | undefined,
  given: { readonly augmented?: string | undefined; readonly vectors?: string | undefined },
): ResolvedModel {
  const { models, ...shared } = config.training;
  const model =
    name === undefined ? models[0] : models.find((candidate) => candidate.name === name);
  if (model === undefined) {
    const names = models.map((candidate) => candidate.name).join(', ');
    throw new ConfigError(`There is no model "${name}"; the configuration has ${names}.`);
  }
  if (readsEnvironment(model) && given.augmented === undefined) {
    throw new ConfigError(
      `Model ${model.name} uses the environment: give its augmented shards too.`,
    );
  }
  if (model.text !== undefined && given.vectors === undefined) {
    throw new ConfigError(
      `Model ${model.name} uses its items' texts: give their vectors too (\`lea vectors\` makes them).`,
    );
  }
  return resolveModel(shared, model);
}

/**
 * Trains a model from local folders, for `lea train`. Set `nativeEnvironment()` before the process starts.
 *
 * @returns false if `shouldStop` ended it; the same call goes on from there
 */
export async function trainByHand(
  task: TrainingByHand,
  onProgress: (progress: ByHandProgress) => void,
  shouldStop: () => boolean,
): Promise<boolean> {
  const channels: Readonly<Record<string, string | undefined>> = {
    sequences: task.sequences,
    augmented: task.augmented,
    vectors: task.vectors,
  };
  const folders: Folders = {
    root: task.out,
    model: task.out,
    checkpoints: join(task.out, 'checkpoints'),
    failure: join(task.out, 'failure'),
    // What was not given is a folder that is not there.
    channel: (name) => channels[name] ?? '',
  };
  const job = { run: 'by-hand', model: task.model, recipe: undefined };
  return train(folders, job, shouldStop, (stage, progress, values = {}) =>
    onProgress({ stage, progress, values }),
  );
}
