import { maximumJobSeconds } from '#lib/contracts/config/operations.ts';
import { runs } from '#lib/contracts/keys.ts';
import { shardsPerCall } from '#lib/contracts/limits.ts';
import { startStates, stopStates } from './endpoint-states.ts';
import { runKey, runUri } from './run-keys.ts';
import {
  caught,
  environmentMetrics,
  invoke,
  lambdaRetry,
  type NightlyDefinitionProps,
  type States,
} from './states.ts';
import { jobFailureReason, madeByJob, trainingJobStates } from './training-job.ts';

/** From `PlanEnvironment` to the endpoint's end: fit the LE unless a fresh one exists, ask it, stop it. */
export function environmentStates(props: NightlyDefinitionProps): States {
  return {
    ...fitStates(props),
    ...startStates(props),
    ...augmentStates(props),
    ...stopStates(props),
  };
}

function fitStates(props: NightlyDefinitionProps): States {
  const { bucket, config } = props;
  return {
    PlanEnvironment: {
      ...invoke(props, 'planEnvironment', { run: '{% $run %}' }),
      Assign: {
        environmentVersion: '{% $states.result.Payload.version %}',
        environmentIsFresh: '{% $states.result.Payload.fresh %}',
        augmentationNeeded: '{% $states.result.Payload.augmentationNeeded %}',
        environmentChannels: '{% $states.result.Payload.channels %}',
        askingInstances: '{% $states.result.Payload.instances %}',
      },
      Next: 'PlanVectors',
      ...caught,
    },
    'EnvironmentNeeded?': {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $not($augmentationNeeded) %}', Next: 'FitRivals' },
        { Condition: '{% $environmentIsFresh %}', Next: 'StartEnvironment' },
      ],
      Default: 'FitEnvironment',
    },
    ...trainingJobStates(props, {
      name: 'FitEnvironment',
      instanceVariable: 'fitInstance',
      jobName: '$resource & "-environment"',
      program: 'environment',
      image: props.environmentImage,
      roleArn: props.environmentRoleArn,
      hyperParameters: {
        config: JSON.stringify(config.environment),
        window: String(config.sequences.window),
      },
      channels: '{% $environmentChannels %}',
      outputUri: runUri(bucket, runs.jobsPrefix),
      checkpointUri: runUri(bucket, (run) => runs.checkpointsPrefix(run, 'environment')),
      metrics: environmentMetrics,
      instanceTypes: config.operations.environmentInstanceTypes,
      volumeSizeInGB: 100,
      maximumSeconds: maximumJobSeconds(config.operations),
      useSpot: config.operations.useSpotTraining,
      next: 'RegisterEnvironment',
      caught: {
        Type: 'Pass',
        Assign: {
          failure: {
            Error: '{% $states.input.jobFailure.Error %}',
            Cause: `{% "Fitting the environment failed: " & ${jobFailureReason} %}`,
          },
        },
        Next: 'StopEnvironment?',
      },
    }),
    RegisterEnvironment: {
      ...invoke(props, 'registerModel', {
        run: '{% $run %}',
        kind: 'environment',
        name: '{% $environmentVersion %}',
        ...madeByJob,
      }),
      Next: 'StartEnvironment',
      ...caught,
    },
  };
}

function augmentStates(props: NightlyDefinitionProps): States {
  const { bucket, config } = props;
  return {
    AugmentSequences: {
      Type: 'Map',
      Label: 'AugmentSequences',
      ItemReader: {
        Resource: `arn:${props.partition}:states:::s3:listObjectsV2`,
        Arguments: {
          Bucket: bucket,
          Prefix: runKey(runs.trainPrefix),
        },
      },
      ItemSelector: { key: '{% $states.context.Map.Item.Value.Key %}' },
      ItemBatcher: {
        MaxItemsPerBatch: shardsPerCall,
        BatchInput: { run: '{% $run %}', endpoint: '{% $endpoint %}' },
      },
      MaxConcurrency: `{% $askingInstances * ${config.operations.augmentationConcurrency} %}`,
      ToleratedFailurePercentage: config.operations.toleratedFailurePercentage,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'AugmentShards',
        States: {
          AugmentShards: {
            ...invoke(props, 'augmentSequences', {
              run: '{% $states.input.BatchInput.run %}',
              endpoint: '{% $states.input.BatchInput.endpoint %}',
              keys: '{% [$states.input.Items.key] %}',
            }),
            // A busy endpoint is asked again for longer than a busy Lambda.
            Retry: lambdaRetry.map((retry) => ({ ...retry, MaxAttempts: 10 })),
            End: true,
          },
        },
      },
      ResultWriter: {
        Resource: `arn:${props.partition}:states:::s3:putObject`,
        Arguments: {
          Bucket: bucket,
          Prefix: runKey((run) => runs.augmentationResultsPrefix(run).slice(0, -1)),
        },
        WriterConfig: { OutputType: 'JSON', Transformation: 'COMPACT' },
      },
      Next: 'StopEnvironment?',
      ...caught,
    },
  };
}
