import type { PipelineConfig } from '#lib/contracts/config.ts';
import { hasLocalStorage } from '#lib/contracts/instance-storage.ts';

/** What the definition needs to know of its surroundings; values may be CDK tokens. */
export interface NightlyDefinitionProps {
  /** Inlined into the first state, so that a run records what it ran with. */
  readonly config: PipelineConfig;
  /** Name of the data bucket. */
  readonly bucket: string;
  readonly functionArns: Readonly<Record<NightlyFunction, string>>;
  readonly environmentImage: string;
  readonly trainerImage: string;
  /** SageMaker execution roles. */
  readonly environmentRoleArn: string;
  readonly trainerRoleArn: string;
  readonly topicArn: string;
  /** Name of the deployment, for example `lea-dev`. */
  readonly deployment: string;
  readonly partition: string;
  /** ARN of what volumes and outputs are encrypted with. @default - AWS's own keys */
  readonly keyArn?: string | undefined;
  /** Of everything that a run creates in SageMaker: most of the bill. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The functions that the state machine calls. */
export type NightlyFunction =
  | 'beginRun'
  | 'buildSequences'
  | 'planEnvironment'
  | 'planVectors'
  | 'augmentSequences'
  | 'fitRivals'
  | 'planTraining'
  | 'registerModel'
  | 'evaluateModels'
  | 'planRefit'
  | 'promoteWinner'
  | 'publishReport'
  | 'endRun';

export type States = Record<string, object>;

/** Every failure leads through the same door. */
export const caught = {
  Catch: [
    {
      ErrorEquals: ['States.ALL'],
      Assign: { failure: '{% $states.errorOutput %}' },
      Next: 'StopEnvironment?',
    },
  ],
};

/** Lambda's and our own passing faults; ours carry `retryable` and are thrown as `UnavailableError`. */
export const lambdaRetry = [
  {
    ErrorEquals: [
      'UnavailableError',
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
      'Lambda.ClientExecutionTimeoutException',
      'Lambda.TooManyRequestsException',
    ],
    IntervalSeconds: 2,
    BackoffRate: 2,
    MaxAttempts: 6,
    MaxDelaySeconds: 120,
    JitterStrategy: 'FULL',
  },
];

/** SageMaker has no room: the account's quota is used up, or AWS has no such instance to give. */
export const shortage = '/[Cc]apacity|ResourceLimitExceeded|MaxWaitTimeExceeded/';

/**
 * Throttled control-plane calls, which SageMaker also words as a bare 400 without a message; and a quota that is used
 * up, perhaps by jobs that are about to end.
 */
export const sagemakerRetry = [
  {
    ErrorEquals: [
      'ThrottlingException',
      'SageMaker.ThrottlingException',
      'SageMaker.AmazonSageMakerException',
      'SageMaker.SageMakerException',
      'States.Timeout',
    ],
    IntervalSeconds: 5,
    BackoffRate: 2,
    MaxAttempts: 5,
    MaxDelaySeconds: 120,
    JitterStrategy: 'FULL',
  },
  {
    ErrorEquals: ['SageMaker.ResourceLimitExceededException'],
    IntervalSeconds: 60,
    BackoffRate: 2,
    MaxAttempts: 6,
    MaxDelaySeconds: 600,
    JitterStrategy: 'FULL',
  },
];

/** The deployment's tags, in the words of SageMaker. */
export function tagList({ tags }: NightlyDefinitionProps): object[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/**
 * The key of the volumes of instances, as the property of that name; none where instances have disks of their own. All types of
 * a list are alike in that (`parseConfig`).
 */
export function volumeKey<Name extends string>(
  { keyArn }: NightlyDefinitionProps,
  property: Name,
  [first]: readonly string[],
): Partial<Record<Name, string>> {
  if (keyArn === undefined || first === undefined || hasLocalStorage(first)) return {};
  return { [property]: keyArn } as Record<Name, string>;
}

/** The network of the configuration, in the words of SageMaker. */
export function vpcConfig({ config }: NightlyDefinitionProps): object {
  const { vpc } = config.operations;
  if (vpc === null) return {};
  return { VpcConfig: { Subnets: vpc.subnetIds, SecurityGroupIds: vpc.securityGroupIds } };
}

/** A Lambda call whose input is `payload` and whose output is what the function returns. */
export function invoke(
  props: NightlyDefinitionProps,
  name: NightlyFunction,
  payload: object,
): { Type: string; Resource: string; Arguments: object; Output: string; Retry: object[] } {
  return {
    Type: 'Task',
    Resource: `arn:${props.partition}:states:::lambda:invoke`,
    Arguments: { FunctionName: props.functionArns[name], Payload: payload },
    Output: '{% $states.result.Payload %}',
    Retry: lambdaRetry,
  };
}

/** A call of SageMaker's API. */
export function sagemaker(props: NightlyDefinitionProps, action: string, args: object): object {
  return {
    Type: 'Task',
    Resource: `arn:${props.partition}:states:::aws-sdk:sagemaker:${action}`,
    Arguments: args,
    Retry: sagemakerRetry,
  };
}

/** `Key=Value` lines on standard output that SageMaker turns into metrics (docs/contracts.md 6). */
export const trainerMetrics = [
  { Name: 'loss', Regex: 'loss=([0-9.eE+-]+)' },
  { Name: 'validation:ndcg@10', Regex: 'validation_ndcg@10=([0-9.eE+-]+)' },
];

export const environmentMetrics = [
  { Name: 'loss', Regex: 'loss=([0-9.eE+-]+)' },
  { Name: 'pairAccuracy', Regex: 'pair_accuracy=([0-9.eE+-]+)' },
];
