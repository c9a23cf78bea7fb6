import type { PipelineConfig } from '#lib/contracts/config.ts';
import { caught, invoke, type NightlyDefinitionProps, type States } from './states.ts';
import { trainerJob } from './trainer-job.ts';
import { jobFailureReason, madeByJob, trainingJobStates } from './training-job.ts';

/** The endpoint that has ended by now, and the seconds of its instances; null without any. */
const endpointUse = ({ operations }: PipelineConfig) =>
  `{% $environmentSince = null ? null : {"instanceType": ${JSON.stringify(operations.environmentInstanceTypes)}[$environmentInstance], "seconds": $askingInstances * ($toMillis($environmentUntil) - $toMillis($environmentSince)) / 1000} %}`;

/** From `FitRivals` to all recommenders trained (and the champion and all rivals ranked on the same cases). */
export function trainingStates(props: NightlyDefinitionProps): States {
  const { config } = props;
  return {
    // What rivals know of histories, once for them and for all models that are joined with it.
    FitRivals: {
      ...invoke(props, 'fitRivals', { run: '{% $run %}', step: 'fit' }),
      Next: 'PlanTraining',
      ...caught,
    },
    PlanTraining: {
      ...invoke(props, 'planTraining', {
        run: '{% $run %}',
        resource: '{% $resource %}',
        endpoint: endpointUse(config),
      }),
      Next: 'TrainRecommenders',
      ...caught,
    },
    TrainRecommenders: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Recommenders', States: { Recommenders: recommenders(props) } },
        {
          StartAt: 'RankRivals',
          States: {
            // It waits for no model, and no model for it.
            RankRivals: {
              ...invoke(props, 'fitRivals', { run: '{% $run %}', step: 'rank' }),
              End: true,
            },
          },
        },
      ],
      Output: {},
      Next: 'EvaluateModels',
      ...caught,
    },
  };
}

/** A job for each recommender that is to be trained or ranked. */
function recommenders(props: NightlyDefinitionProps): object {
  return {
    Type: 'Map',
    Items: '{% $states.input.jobs %}',
    ItemSelector: { job: '{% $states.context.Map.Item.Value %}' },
    MaxConcurrency: props.config.operations.trainingConcurrency,
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
            ...madeByJob,
          }),
          End: true,
        },
      },
    },
    Output: {},
    End: true,
  };
}
