import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { environmentStates } from './environment-states.ts';
import { sequencesStates } from './sequences-states.ts';
import { caught, invoke, type NightlyDefinitionProps, type States } from './states.ts';
import { trainingStates } from './training-states.ts';
import { vectorsStates } from './vectors-states.ts';
import { verdictStates } from './verdict-states.ts';

export type { NightlyDefinitionProps } from './states.ts';

/**
 * The nightly state machine, as data: Amazon States Language with JSONata. Nothing else describes the order of
 * things; Step Functions runs it on AWS, `local/state-machine` runs it on one machine.
 *
 * Input: `{run?, scheduledTime?, resume?}`. Variables: `$run` (its id), `$resource` (name of what this attempt creates in
 * SageMaker), `$buckets` and `$coreRound` (`sequences-states.ts`), `$environmentRunning`, `$environmentInstance` (number of the instance type that the endpoint is tried
 * on), `$askingInstances` (how many of them answer), `$refitFailure` (null, or why the winner could not be fitted on all actions), `$failure` (null, or the error
 * output of the state that failed). Any other failure goes through `StopEnvironment?`
 * to `FailRun`.
 */
export function nightlyDefinition(props: NightlyDefinitionProps): object {
  return {
    Comment:
      'Interaction logs to a better recommender, with a large language model as the environment',
    QueryLanguage: 'JSONata',
    TimeoutSeconds: Math.round(props.config.operations.maximumRunHours * 3600),
    StartAt: 'BeginRun',
    States: {
      ...beginStates(props, props.config),
      ...sequencesStates(props),
      ...environmentStates(props),
      ...vectorsStates(props),
      ...trainingStates(props),
      ...verdictStates(props),
      ...endStates(props),
    },
  };
}

/** Who holds the lock. */
const execution = '{% $states.context.Execution.Name %}';

function beginStates(props: NightlyDefinitionProps, config: PipelineConfig): States {
  return {
    BeginRun: {
      ...invoke(props, 'beginRun', {
        run: '{% $exists($states.input.run) ? $states.input.run : null %}',
        scheduledTime:
          '{% $exists($states.input.scheduledTime) ? $states.input.scheduledTime : null %}',
        resume: '{% $exists($states.input.resume) ? $states.input.resume : false %}',
        execution,
        deployment: props.deployment,
        config,
      }),
      Assign: {
        run: '{% $states.result.Payload.run %}',
        resource: '{% $states.result.Payload.resource %}',
        environmentRunning: false,
        environmentInstance: 0,
        environmentSince: null,
        environmentUntil: null,
        failure: null,
      },
      Output: '{% $states.result.Payload %}',
      Next: 'RunIsNew?',
      // No lock was taken and nothing was started: there is nothing to clean up.
      Catch: [
        {
          ErrorEquals: ['States.ALL'],
          Assign: { run: '', failure: '{% $states.errorOutput %}' },
          Next: 'AnnounceFailure',
        },
      ],
    },
    'RunIsNew?': {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $states.input.finished %}', Next: 'RunFinishedBefore' },
        { Condition: '{% $states.input.unchangedSince != null %}', Next: 'NothingNew' },
      ],
      Default: 'BuildSequences',
    },
    NothingNew: {
      Type: 'Succeed',
      Output: { run: '{% $run %}', unchangedSince: '{% $states.input.unchangedSince %}' },
    },
    RunFinishedBefore: { Type: 'Succeed', Output: { run: '{% $run %}', finishedBefore: true } },
  };
}

function endStates(props: NightlyDefinitionProps): States {
  const { topicArn, partition } = props;
  const publish = `arn:${partition}:states:::sns:publish`;
  return {
    PublishReport: {
      ...invoke(props, 'publishReport', {
        run: '{% $run %}',
        startedAt: '{% $states.context.Execution.StartTime %}',
      }),
      Next: 'EndRun',
      ...caught,
    },
    EndRun: {
      ...invoke(props, 'endRun', { run: '{% $run %}', execution, failure: null }),
      Output: '{% $states.result.Payload %}',
      Next: 'AnnounceSuccess',
      ...caught,
    },
    AnnounceSuccess: {
      Type: 'Task',
      Resource: publish,
      Arguments: {
        TopicArn: topicArn,
        Subject: '{% "Run " & $run & " finished" %}',
        Message: '{% $states.input.message %}',
      },
      Output: {
        run: '{% $run %}',
        report: `{% "${runs.report('RUN')}" ~> $replace("RUN", $run) %}`,
      },
      // The run is done whether or not anybody could be told.
      Catch: [{ ErrorEquals: ['States.ALL'], Output: { run: '{% $run %}' }, Next: 'RunSucceeded' }],
      Next: 'RunSucceeded',
    },
    RunSucceeded: { Type: 'Succeed' },
    FailRun: {
      ...invoke(props, 'endRun', { run: '{% $run %}', execution, failure: '{% $failure %}' }),
      Next: 'AnnounceFailure',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'AnnounceFailure' }],
    },
    AnnounceFailure: {
      Type: 'Task',
      Resource: publish,
      Arguments: {
        TopicArn: topicArn,
        Subject: '{% $substring("Run " & $run & " failed: " & $failure.Error, 0, 99) %}',
        Message: '{% $string($failure) %}',
      },
      Next: 'RunFailed',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'RunFailed' }],
    },
    RunFailed: {
      Type: 'Fail',
      Error: '{% $exists($failure.Error) ? $failure.Error : "RunFailed" %}',
      Cause: '{% $exists($failure.Cause) ? $failure.Cause : "no cause was given" %}',
    },
  };
}
