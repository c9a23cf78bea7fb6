import { acceleratorEnvironment, acceleratorOf } from '#lib/contracts/accelerators.ts';
import {
  type NightlyDefinitionProps,
  type States,
  sagemakerRetry,
  shortage,
  tagList,
  volumeKey,
  vpcConfig,
} from './states.ts';

/** One SageMaker training job that moves on to the next instance type when there is no capacity. */
export interface TrainingJobStates {
  /** Name of the first state, for example `FitEnvironment`; the others' names derive from it. */
  readonly name: string;
  /** Variable that counts the instance types tried; scopes may not share a name. */
  readonly instanceVariable: string;
  /** Further variables to assign at the start. */
  readonly assign?: object;
  /** JSONata (without the braces) of the job's name, to which the instance type's number is added. */
  readonly jobName: string;
  readonly image: string;
  readonly roleArn: string;
  /** Whose image it is: what it needs of a GPU's host. */
  readonly program: 'environment' | 'trainer';
  readonly hyperParameters: string | object;
  readonly channels: string | object[];
  /** S3 URI below which SageMaker writes `<job>/output/model/`. */
  readonly outputUri: string;
  readonly checkpointUri: string;
  readonly metrics: readonly object[];
  readonly instanceTypes: readonly string[];
  readonly volumeSizeInGB: number;
  readonly maximumSeconds: number;
  readonly useSpot: boolean;
  readonly next: string;
  /** Where failures go. */
  readonly caught: object;
}

/**
 * JSONata for what went wrong with a job: SageMaker's own reason where the cause is the description of a job that
 * failed or was stopped.
 */
export const jobFailureReason = [
  '($cause := $string($states.input.jobFailure.Cause);',
  "$job := $contains($cause, 'TrainingJobStatus') ? $parse($cause) : {};",
  '$exists($job.FailureReason) ? $job.FailureReason : $exists($job.SecondaryStatus) ? $job.SecondaryStatus : $cause)',
].join(' ');

/** What `register-model` is told of a job, from SageMaker's description of it. */
export const madeByJob = {
  artefacts: '{% $states.input.ModelArtifacts.S3ModelArtifacts %}',
  job: {
    name: '{% $states.input.TrainingJobName %}',
    instanceType: '{% $states.input.ResourceConfig.InstanceType %}',
    seconds:
      '{% $exists($states.input.BillableTimeInSeconds) ? $states.input.BillableTimeInSeconds : 0 %}',
  },
};

/** How long a spot job may wait for an instance, beyond the time that it may run. */
const waitSeconds = 3600;

/**
 * States `<name>` (takes the first instance type), `<name>Job`, `<name>Completed?`, `<name>Capacity?` and
 * `<name>Failed`. What `next` gets is SageMaker's description of the completed job.
 *
 * A shortage is a failed or stopped job whose description says so; anything else is a real failure. A job that was
 * stopped has not failed in SageMaker's eyes, so its status is looked at whatever became of the task.
 */
export function trainingJobStates(props: NightlyDefinitionProps, job: TrainingJobStates): States {
  const { name } = job;
  const index = `$${job.instanceVariable}`;
  const instanceTypes = JSON.stringify(job.instanceTypes);
  const isShortage = `$contains($string($states.input.jobFailure), ${shortage})`;
  return {
    [name]: {
      Type: 'Pass',
      Assign: { [job.instanceVariable]: 0, ...job.assign },
      Next: `${name}Job`,
    },
    [`${name}Job`]: {
      Type: 'Task',
      Resource: `arn:${props.partition}:states:::sagemaker:createTrainingJob.sync`,
      Arguments: {
        // Names are taken for good, also by jobs that failed: each instance type tried has its own.
        TrainingJobName: `{% ${job.jobName} & "-" & $string(${index}) %}`,
        AlgorithmSpecification: {
          TrainingImage: job.image,
          TrainingInputMode: 'File',
          MetricDefinitions: job.metrics,
        },
        RoleArn: job.roleArn,
        Environment: acceleratorEnvironment(job.program, acceleratorOf(job.instanceTypes[0]!)),
        HyperParameters: job.hyperParameters,
        InputDataConfig: job.channels,
        OutputDataConfig: {
          S3OutputPath: job.outputUri,
          CompressionType: 'NONE',
          ...(props.keyArn !== undefined && { KmsKeyId: props.keyArn }),
        },
        ResourceConfig: {
          InstanceCount: 1,
          InstanceType: `{% ${instanceTypes}[${index}] %}`,
          VolumeSizeInGB: job.volumeSizeInGB,
          ...volumeKey(props, 'VolumeKmsKeyId', job.instanceTypes),
        },
        CheckpointConfig: { S3Uri: job.checkpointUri },
        EnableManagedSpotTraining: job.useSpot,
        // The container reads its channels and writes its folders; SageMaker does the rest.
        EnableNetworkIsolation: true,
        ...vpcConfig(props),
        Tags: tagList(props),
        StoppingCondition: {
          MaxRuntimeInSeconds: job.maximumSeconds,
          // Only spot training may wait for capacity; SageMaker rejects the field otherwise.
          ...(job.useSpot ? { MaxWaitTimeInSeconds: job.maximumSeconds + waitSeconds } : {}),
        },
      },
      Retry: sagemakerRetry,
      Output: { item: '{% $states.input %}', job: '{% $states.result %}' },
      Next: `${name}Completed?`,
      Catch: [
        {
          ErrorEquals: ['States.ALL'],
          Output: { item: '{% $states.input %}', jobFailure: '{% $states.errorOutput %}' },
          Next: `${name}Capacity?`,
        },
      ],
    },
    [`${name}Completed?`]: {
      Type: 'Choice',
      Choices: [
        {
          Condition: '{% $states.input.job.TrainingJobStatus = "Completed" %}',
          Output: '{% $states.input.job %}',
          Next: job.next,
        },
      ],
      Output: {
        item: '{% $states.input.item %}',
        jobFailure: {
          Error: 'TrainingJobStopped',
          Cause: '{% $string($states.input.job) %}',
        },
      },
      Default: `${name}Capacity?`,
    },
    [`${name}Capacity?`]: {
      Type: 'Choice',
      Choices: [
        {
          Condition: `{% ${isShortage} and ${index} < ${job.instanceTypes.length - 1} %}`,
          Output: '{% $states.input.item %}',
          Assign: { [job.instanceVariable]: `{% ${index} + 1 %}` },
          Next: `${name}Job`,
        },
      ],
      Default: `${name}Failed`,
    },
    [`${name}Failed`]: job.caught,
  };
}
