import { maximumJobSeconds } from '#lib/contracts/config/operations.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runUri } from './run-keys.ts';
import { caught, invoke, type NightlyDefinitionProps, type States } from './states.ts';
import { jobFailureReason, madeByJob, trainingJobStates } from './training-job.ts';

/** From `PlanVectors` to a vector for every item of the catalogue, if any model wants them and some text is new. */
export function vectorsStates(props: NightlyDefinitionProps): States {
  const { bucket, config } = props;
  return {
    PlanVectors: {
      ...invoke(props, 'planVectors', { run: '{% $run %}' }),
      Assign: { vectorsFingerprint: '{% $states.result.Payload.fingerprint %}' },
      Next: 'VectorsNeeded?',
      ...caught,
    },
    'VectorsNeeded?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.needed %}', Next: 'MakeVectors' }],
      Default: 'EnvironmentNeeded?',
    },
    ...trainingJobStates(props, {
      name: 'MakeVectors',
      instanceVariable: 'vectorsInstance',
      assign: { vectorsChannels: '{% $states.input.channels %}' },
      jobName: '$resource & "-vectors"',
      program: 'environment',
      image: props.environmentImage,
      roleArn: props.environmentRoleArn,
      hyperParameters: { task: 'vectors', config: JSON.stringify(config.environment) },
      channels: '{% $vectorsChannels %}',
      outputUri: runUri(bucket, runs.jobsPrefix),
      checkpointUri: runUri(bucket, (run) => runs.checkpointsPrefix(run, 'vectors')),
      metrics: [],
      instanceTypes: config.operations.vectorsInstanceTypes,
      volumeSizeInGB: 100,
      maximumSeconds: maximumJobSeconds(config.operations),
      useSpot: config.operations.useSpotTraining,
      next: 'RegisterVectors',
      caught: {
        Type: 'Pass',
        Assign: {
          failure: {
            Error: '{% $states.input.jobFailure.Error %}',
            Cause: `{% "Making item vectors failed: " & ${jobFailureReason} %}`,
          },
        },
        Next: 'StopEnvironment?',
      },
    }),
    RegisterVectors: {
      ...invoke(props, 'registerModel', {
        run: '{% $run %}',
        kind: 'vectors',
        name: '{% $vectorsFingerprint %}',
        ...madeByJob,
      }),
      Next: 'EnvironmentNeeded?',
      ...caught,
    },
  };
}
