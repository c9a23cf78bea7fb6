import { channel } from '#lib/contracts/channel.ts';
import type { ModelConfig } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { trainingJobName } from '#lib/contracts/job-name.ts';
import { runs } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';

/** One SageMaker training job of the trainer's image, as the state machine hands it on. */
export interface TrainingJob {
  readonly name: string;
  /** Its name in SageMaker, without the number of the instance type. */
  readonly jobName: string;
  /** SageMaker wants strings. */
  readonly hyperParameters: Readonly<Record<string, string>>;
  readonly channels: readonly object[];
  readonly checkpointUri: string;
}

/** Where an attempt at a run creates its jobs. */
export interface JobPlace {
  readonly run: string;
  /** Name of what this attempt creates in SageMaker. */
  readonly resource: string;
  readonly bucket: string;
}

/** A job of this place; `name` tells it apart from the attempt's others. */
export function trainerJob(
  { run, resource, bucket }: JobPlace,
  name: string,
  hyperParameters: Readonly<Record<string, string>>,
  /** Key prefixes by channel. */
  channels: Readonly<Record<string, string>>,
): TrainingJob {
  const uri = (key: string) => `s3://${bucket}/${key}`;
  return {
    name,
    jobName: trainingJobName(resource, name),
    hyperParameters: { run, ...hyperParameters },
    channels: Object.entries(channels).map(([name, key]) => channel(name, uri(key))),
    checkpointUri: uri(runs.checkpointsPrefix(run, name)),
  };
}

/** Key prefixes, by channel, of what a model knows of its items besides actions, whether it is trained or fitted on. */
export function itemChannels(run: string, model: ModelConfig): Readonly<Record<string, string>> {
  return model.text === undefined ? {} : { vectors: runs.itemVectors(run) };
}

/** What the trainer is told of a model, whether it trains it or fits it on. */
export function modelHyperparameters(
  config: PipelineConfig,
  model: ModelConfig,
): Readonly<Record<string, string>> {
  const { models: _, ...training } = config.training;
  return {
    model: JSON.stringify(model),
    training: JSON.stringify(training),
    recipe: recipeOf(config, model),
  };
}
