import { caught, invoke, type NightlyDefinitionProps, type States } from './states.ts';
import { trainerJob } from './trainer-job.ts';
import { jobFailureReason, trainingJobStates } from './training-job.ts';

/** From `PlanTraining` to all recommenders trained (and the champion ranked on the same cases). */
export function trainingStates(props: NightlyDefinitionProps): States {
  const { config } = props;
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
            ...trainerJob(props),
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
