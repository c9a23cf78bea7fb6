import { caught, invoke, type NightlyDefinitionProps, type States } from './states.ts';
import { trainerJob } from './trainer-job.ts';
import { jobFailureReason, madeByJob, trainingJobStates } from './training-job.ts';

/** The winner is served whatever becomes of its refit: then as it was judged. */
const asJudged = (reason: string) => ({
  Catch: [
    {
      ErrorEquals: ['States.ALL'],
      Assign: { refitFailure: `{% ${reason} %}` },
      Next: 'PromoteWinner',
    },
  ],
});

/** From the verdict to the winner in service, fitted on all actions in between. */
export function verdictStates(props: NightlyDefinitionProps): States {
  return {
    EvaluateModels: {
      ...invoke(props, 'evaluateModels', { run: '{% $run %}' }),
      Output: '{% $states.result.Payload %}',
      Assign: { refitFailure: null },
      Next: 'Promote?',
      ...caught,
    },
    'Promote?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.promote %}', Next: 'PlanRefit' }],
      Default: 'PublishReport',
    },
    PlanRefit: {
      ...invoke(props, 'planRefit', { run: '{% $run %}', resource: '{% $resource %}' }),
      Next: 'RefitNeeded?',
      ...asJudged('$states.errorOutput.Error & ": " & $string($states.errorOutput.Cause)'),
    },
    'RefitNeeded?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.job != null %}', Next: 'RefitWinner' }],
      Default: 'PromoteWinner',
    },
    ...trainingJobStates(props, {
      name: 'RefitWinner',
      instanceVariable: 'refitInstance',
      assign: {
        refitted: '{% $states.input.job.name %}',
        refitJobName: '{% $states.input.job.jobName %}',
      },
      jobName: '$refitJobName',
      ...trainerJob(props),
      next: 'RegisterRefit',
      caught: {
        Type: 'Pass',
        Assign: { refitFailure: `{% ${jobFailureReason} %}` },
        Next: 'PromoteWinner',
      },
    }),
    RegisterRefit: {
      ...invoke(props, 'registerModel', {
        run: '{% $run %}',
        kind: 'refit',
        name: '{% $refitted %}',
        ...madeByJob,
      }),
      Next: 'PromoteWinner',
      ...asJudged('$states.errorOutput.Error & ": " & $string($states.errorOutput.Cause)'),
    },
    PromoteWinner: {
      ...invoke(props, 'promoteWinner', {
        run: '{% $run %}',
        execution: '{% $states.context.Execution.Name %}',
        refitFailure: '{% $refitFailure %}',
      }),
      Next: 'PublishReport',
      ...caught,
    },
  };
}
