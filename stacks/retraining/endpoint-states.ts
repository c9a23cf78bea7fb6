import {
  type Accelerator,
  acceleratorEnvironment,
  acceleratorOf,
  inferenceAmi,
} from '#lib/contracts/accelerators.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { environments } from '#lib/contracts/keys.ts';
import { createOnce, nameByContent } from './named-by-content.ts';
import {
  caught,
  type NightlyDefinitionProps,
  type States,
  sagemaker,
  shortage,
  tagList,
  volumeKey,
  vpcConfig,
} from './states.ts';

/**
 * From `StartEnvironment` to an endpoint in service, on the first instance type that there is. The endpoint is the
 * run's own; its model and its configuration are whoever's that need the same.
 */
export function startStates(props: NightlyDefinitionProps): States {
  const instanceTypes = props.config.operations.environmentInstanceTypes;
  const instanceType = `${JSON.stringify(instanceTypes)}[$environmentInstance]`;
  const model = environmentModel(props);
  const variant = environmentVariant(props);
  const key = volumeKey(props, 'KmsKeyId', instanceTypes);
  const isShortage = `$contains($states.input.reason, ${shortage})`;
  return {
    StartEnvironment: {
      Type: 'Pass',
      Assign: {
        // From here on something may exist that has to be removed.
        environmentRunning: true,
        endpoint: '{% $resource & "-" & $string($environmentInstance) & "-environment" %}',
        model: nameByContent(props, model, ['$environmentVersion']),
        endpointConfig: nameByContent(props, { model, variant, ...key }, [
          '$environmentVersion',
          instanceType,
          '$string($askingInstances)',
        ]),
        anotherInstance: false,
        pollSeconds: 2,
      },
      Next: 'CreateEnvironmentModel',
    },
    ...createOnce(props, 'CreateEnvironmentModel', {
      action: 'createModel',
      request: { ModelName: '{% $model %}', ...model },
      next: 'CreateEndpointConfiguration',
    }),
    ...createOnce(props, 'CreateEndpointConfiguration', {
      action: 'createEndpointConfig',
      request: {
        EndpointConfigName: '{% $endpointConfig %}',
        Tags: tagList(props),
        ...key,
        ProductionVariants: [
          { ...variant, ModelName: '{% $model %}', InstanceType: `{% ${instanceType} %}` },
        ],
      },
      next: 'CreateEndpoint',
    }),
    CreateEndpoint: {
      ...sagemaker(props, 'createEndpoint', {
        EndpointName: '{% $endpoint %}',
        EndpointConfigName: '{% $endpointConfig %}',
        Tags: tagList(props),
      }),
      Assign: { environmentSince: '{% $states.context.State.EnteredTime %}' },
      Next: 'WaitForEnvironment',
      Catch: [
        {
          ErrorEquals: ['SageMaker.ResourceLimitExceededException'],
          Output: {
            status: 'Failed',
            reason: '{% $states.errorOutput.Error & ": " & $states.errorOutput.Cause %}',
          },
          Next: 'EnvironmentInService?',
        },
        ...caught.Catch,
      ],
    },
    WaitForEnvironment: {
      Type: 'Wait',
      Seconds: '{% $pollSeconds %}',
      Assign: { pollSeconds: '{% $min([30, $pollSeconds * 2]) %}' },
      Next: 'DescribeEnvironment',
    },
    DescribeEnvironment: {
      ...sagemaker(props, 'describeEndpoint', { EndpointName: '{% $endpoint %}' }),
      Output: {
        status: '{% $states.result.EndpointStatus %}',
        reason: '{% $exists($states.result.FailureReason) ? $states.result.FailureReason : "" %}',
      },
      Next: 'EnvironmentInService?',
      ...caught,
    },
    'EnvironmentInService?': {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $states.input.status = "InService" %}', Next: 'AugmentSequences' },
        { Condition: '{% $states.input.status = "Creating" %}', Next: 'WaitForEnvironment' },
        {
          Condition: `{% ${isShortage} and $environmentInstance < ${instanceTypes.length - 1} %}`,
          Assign: {
            environmentInstance: '{% $environmentInstance + 1 %}',
            anotherInstance: true,
          },
          Next: 'StopEnvironment',
        },
      ],
      Default: 'EnvironmentNotInService',
    },
    EnvironmentNotInService: {
      Type: 'Pass',
      Assign: {
        failure: {
          Error: 'EnvironmentNotInService',
          Cause:
            '{% "The endpoint " & $endpoint & " ended as " & $states.input.status & ": " & $states.input.reason %}',
        },
      },
      Next: 'StopEnvironment?',
    },
  };
}

/** All of the model but its name. */
function environmentModel(props: NightlyDefinitionProps): object {
  return {
    ExecutionRoleArn: props.environmentRoleArn,
    EnableNetworkIsolation: true,
    ...vpcConfig(props),
    Tags: tagList(props),
    PrimaryContainer: {
      Image: props.environmentImage,
      Environment: acceleratorEnvironment(
        'environment',
        environmentAccelerator(props.config),
        inferenceAmi.version,
      ),
      ModelDataSource: {
        S3DataSource: {
          S3Uri: `{% "s3://${props.bucket}/${environments.prefix}" & $environmentVersion & "/" %}`,
          S3DataType: 'S3Prefix',
          CompressionType: 'None',
        },
      },
    },
  };
}

/** All of the endpoint configuration but names and instance type; how many instances there are is known when it is made. */
function environmentVariant({ config }: NightlyDefinitionProps): object {
  return {
    VariantName: 'environment',
    InitialInstanceCount: '{% $askingInstances %}',
    ContainerStartupHealthCheckTimeoutInSeconds: 900,
    ModelDataDownloadTimeoutInSeconds: 900,
    // Without it, SageMaker takes a host with a driver that is too old for the image.
    ...(environmentAccelerator(config) === 'nvidia' && {
      InferenceAmiVersion: inferenceAmi.version,
    }),
  };
}

/** What the environment is fitted and asked on. */
function environmentAccelerator({ operations }: PipelineConfig): Accelerator {
  return acceleratorOf(operations.environmentInstanceTypes[0]!);
}

const stopped = {
  environmentRunning: false,
  environmentUntil: '{% $states.context.State.EnteredTime %}',
};

/** Ends the endpoint, if there is one, whatever happened before. */
export function stopStates(props: NightlyDefinitionProps): States {
  return {
    'StopEnvironment?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $environmentRunning %}', Next: 'StopEnvironment' }],
      Default: 'Failed?',
    },
    // Whatever is already gone, or was never made, is fine; the janitor removes what cannot be removed now. The model and
    // the configuration cost nothing, and other runs may use them: the janitor removes them with their environment.
    StopEnvironment: {
      ...sagemaker(props, 'deleteEndpoint', { EndpointName: '{% $endpoint %}' }),
      Assign: stopped,
      Catch: [{ ErrorEquals: ['States.ALL'], Assign: stopped, Next: 'Failed?' }],
      Next: 'Failed?',
    },
    'Failed?': {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $failure != null %}', Next: 'FailRun' },
        { Condition: '{% $anotherInstance %}', Next: 'StartEnvironment' },
      ],
      Default: 'FitRivals',
    },
  };
}
