import { maximumJobSeconds } from '#lib/contracts/config/operations.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runUri } from './run-keys.ts';
import { type NightlyDefinitionProps, trainerMetrics } from './states.ts';

/** What the trainer's jobs have in common, whether they train or refit; each is planned as `$states.input.job`. */
export function trainerJob({
  bucket,
  config,
  trainerImage,
  trainerRoleArn,
}: NightlyDefinitionProps) {
  const { operations } = config;
  return {
    program: 'trainer',
    image: trainerImage,
    roleArn: trainerRoleArn,
    hyperParameters: '{% $states.input.job.hyperParameters %}',
    channels: '{% $states.input.job.channels %}',
    outputUri: runUri(bucket, runs.jobsPrefix),
    checkpointUri: '{% $states.input.job.checkpointUri %}',
    metrics: trainerMetrics,
    instanceTypes: operations.trainerInstanceTypes,
    volumeSizeInGB: 50,
    maximumSeconds: maximumJobSeconds(operations),
    useSpot: operations.useSpotTraining,
  } as const;
}
