import { maximumJobSeconds, shardsPerCall } from '#lib/contracts/config/operations.ts';
import { runs, uploads } from '#lib/contracts/keys.ts';
import { startStates, stopStates } from './endpoint-states.ts';
import {
  caught,
  environmentMetrics,
  invoke,
  lambdaRetry,
  type NightlyDefinitionProps,
  type States,
} from './states.ts';
import { jobFailureReason, trainingJobStates } from './training-job.ts';

/** JSONata for a key of the current run. */
function runKey(key: (run: string) => string): string {
  const [before, after] = key('\u0000').split('\u0000');
  return `{% "${before}" & $run & "${after}" %}`;
}

/** JSONata for the S3 URI of a key of the current run. */
export function runUri(bucket: string, key: (run: string) => string): string {
  return runKey((run) => `s3://${bucket}/${key(run)}`);
}

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
      Assign: { environmentVersion: '{% $states.result.Payload.version %}' },
      Next: 'EnvironmentNeeded?',
      ...caught,
    },
    'EnvironmentNeeded?': {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $not($states.input.augmentationNeeded) %}', Next: 'PlanTraining' },
        { Condition: '{% $states.input.fresh %}', Next: 'StartEnvironment' },
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
      channels: [
        channel('sequences', runUri(bucket, runs.sequencesPrefix)),
        channel(
          'basemodel',
          `s3://${bucket}/${uploads.baseModelPrefix(config.environment.baseModel)}`,
        ),
      ],
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
        artefacts: '{% $states.input.ModelArtifacts.S3ModelArtifacts %}',
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
      MaxConcurrency: config.operations.augmentationConcurrency,
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

/** A training job's input channel with all objects below a prefix. */
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
