import { maximumJobSeconds } from '#lib/contracts/config/operations.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runUri } from './run-keys.ts';
import {
  caught,
  invoke,
  type NightlyDefinitionProps,
  type States,
  trainerMetrics,
} from './states.ts';
import { jobFailureReason, trainingJobStates } from './training-job.ts';

/** From `PlanTraining` to all recommenders trained (and the champion ranked on the same cases). */
export function trainingStates(props: NightlyDefinitionProps): States {
  const { bucket, config } = props;
  return {
    PlanTraining: {
      ...invoke(props, 'planTraining', { run: '{% $run %}', resource: '{% $resource %}' }),
      Next: 'TrainRecommenders',
      ...caught,
    },
    TrainRecommenders: {
      Type: 'Map',
      Items: '{% $states.input.jobs %}',
      ItemSelector: { job: '{% $states.context.Map.Item.Value %}' },
      MaxConcurrency: config.operations.trainingConcurrency,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'TrainRecommender',
        States: {
          ...trainingJobStates(props, {
            name: 'TrainRecommender',
            instanceVariable: 'trainInstance',
            assign: {
              recommender: '{% $states.input.job.name %}',
              jobName: '{% $states.input.job.jobName %}',
            },
            jobName: '$jobName',
            program: 'trainer',
            image: props.trainerImage,
            roleArn: props.trainerRoleArn,
            hyperParameters: '{% $states.input.job.hyperParameters %}',
            channels: '{% $states.input.job.channels %}',
            outputUri: runUri(bucket, runs.jobsPrefix),
            checkpointUri: '{% $states.input.job.checkpointUri %}',
            metrics: trainerMetrics,
            instanceTypes: config.operations.trainerInstanceTypes,
            volumeSizeInGB: 50,
            maximumSeconds: maximumJobSeconds(config.operations),
            useSpot: config.operations.useSpotTraining,
            next: 'RegisterRecommender',
            caught: {
              Type: 'Fail',
              Error: '{% $states.input.jobFailure.Error %}',
              Cause: `{% "Training " & $recommender & " failed: " & ${jobFailureReason} %}`,
            },
          }),
          RegisterRecommender: {
            ...invoke(props, 'registerModel', {
              run: '{% $run %}',
              kind: 'recommender',
              name: '{% $recommender %}',
              artefacts: '{% $states.input.ModelArtifacts.S3ModelArtifacts %}',
            }),
            End: true,
          },
        },
      },
      Output: {},
      Next: 'EvaluateModels',
      ...caught,
    },
  };
}
