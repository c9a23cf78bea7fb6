import type { PipelineConfig } from '#lib/contracts/config.ts';
import { trainingJobName } from '#lib/contracts/job-name.ts';
import { runs } from '#lib/contracts/keys.ts';
import { championLabel } from '#lib/evaluation/evaluation-file.ts';

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

export interface TrainingPlan {
  readonly run: string;
  /** Name of what this attempt creates in SageMaker. */
  readonly resource: string;
  readonly bucket: string;
  readonly config: PipelineConfig;
  /** Where the champion is, if there is one that can be ranked. */
  readonly championPrefix: string | undefined;
  /** Names of the models that an earlier attempt finished. */
  readonly done: ReadonlySet<string>;
}

/** The jobs that are still to be done. */
export function planTraining(plan: TrainingPlan): TrainingJob[] {
  const { run, resource, bucket, config, championPrefix, done } = plan;
  const { models, ...training } = config.training;
  const uri = (key: string) => `s3://${bucket}/${key}`;
  const sequences = channel('sequences', uri(runs.sequencesPrefix(run)));
  const jobs: TrainingJob[] = models.map((model) => ({
    name: model.name,
    jobName: trainingJobName(resource, model.name),
    hyperParameters: {
      task: 'train',
      run,
      model: JSON.stringify(model),
      training: JSON.stringify(training),
    },
    channels: [
      sequences,
      ...(model.lea === undefined ? [] : [channel('augmented', uri(runs.augmentedPrefix(run)))]),
    ],
    checkpointUri: uri(runs.checkpointsPrefix(run, model.name)),
  }));
  if (championPrefix !== undefined) {
    jobs.push({
      name: championLabel,
      jobName: trainingJobName(resource, championLabel),
      hyperParameters: { task: 'score', run },
      channels: [sequences, channel('model', uri(championPrefix))],
      checkpointUri: uri(runs.checkpointsPrefix(run, championLabel)),
    });
  }
  return jobs.filter((job) => !done.has(job.name));
}

function channel(name: string, uri: string): object {
  return {
    ChannelName: name,
    DataSource: {
      S3DataSource: {
        S3DataType: 'S3Prefix',
        S3Uri: uri,
        S3DataDistributionType: 'FullyReplicated',
      },
    },
  };
}
