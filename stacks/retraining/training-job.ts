import { type NightlyDefinitionProps, type States, sagemakerRetry } from './states.ts';

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
 * JSONata for what went wrong with a job: SageMaker's own reason where the cause is the description of a failed job.
 */
export const jobFailureReason =
  "($cause := $string($states.input.jobFailure.Cause); $contains($cause, 'FailureReason') ? $parse($cause).FailureReason : $cause)";

/**
 * States `<name>` (takes the first instance type), `<name>Job`, `<name>Capacity?` and `<name>Failed`. The job's
 * output is SageMaker's description of the finished job.
 *
 * A capacity shortage reaches Step Functions as a failed task whose cause speaks of capacity; anything else is
 * a real failure.
 */
export function trainingJobStates(props: NightlyDefinitionProps, job: TrainingJobStates): States {
  const { name } = job;
  const index = `$${job.instanceVariable}`;
  const instanceTypes = JSON.stringify(job.instanceTypes);
  const isCapacity =
    '$contains($string($states.input.jobFailure.Cause), /[Cc]apacity|ResourceLimitExceeded/)';
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
        HyperParameters: job.hyperParameters,
        InputDataConfig: job.channels,
        OutputDataConfig: { S3OutputPath: job.outputUri, CompressionType: 'NONE' },
        ResourceConfig: {
          InstanceCount: 1,
          InstanceType: `{% ${instanceTypes}[${index}] %}`,
          VolumeSizeInGB: job.volumeSizeInGB,
        },
        CheckpointConfig: { S3Uri: job.checkpointUri },
        EnableManagedSpotTraining: job.useSpot,
        StoppingCondition: {
          MaxRuntimeInSeconds: job.maximumSeconds,
          // Only spot training may wait for capacity; SageMaker rejects the field otherwise.
          ...(job.useSpot ? { MaxWaitTimeInSeconds: job.maximumSeconds * 2 } : {}),
        },
      },
      Retry: sagemakerRetry,
      Next: job.next,
      Catch: [
        {
          ErrorEquals: ['States.ALL'],
          Output: { item: '{% $states.input %}', jobFailure: '{% $states.errorOutput %}' },
          Next: `${name}Capacity?`,
        },
      ],
    },
    [`${name}Capacity?`]: {
      Type: 'Choice',
      Choices: [
        {
          Condition: `{% ${isCapacity} and ${index} < ${job.instanceTypes.length - 1} %}`,
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
