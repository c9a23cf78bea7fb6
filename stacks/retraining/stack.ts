import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { resourcePrefix } from '#lib/contracts/job-name.ts';
import { functionAccess } from '../access.ts';
import { acknowledge } from '../constructs/acknowledge.ts';
import { keyArnOf } from '../constructs/encryption-key.ts';
import { NightlySchedule } from '../constructs/nightly-schedule.ts';
import { NightlyStateMachine } from '../constructs/nightly-state-machine.ts';
import { PipelineFunction } from '../constructs/pipeline-function.ts';
import { RunStatus } from '../constructs/run-status.ts';
import { type Deployment, tagsOf } from '../deployment.ts';
import { nightlyDefinition } from './definition.ts';
import type { NightlyFunction } from './states.ts';

export interface RetrainingStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
  readonly topic: ITopic;
  readonly environment: SageMakerContainer;
  readonly trainer: SageMakerContainer;
}

/** An image, and the role that SageMaker runs it with. */
export interface SageMakerContainer {
  readonly imageUri: string;
  readonly role: IRole;
}

/** The nightly run: its steps, their order, and when it starts. */
export class RetrainingStack extends Stack {
  readonly functions: Readonly<Record<NightlyFunction, PipelineFunction>>;
  readonly nightly: NightlyStateMachine;
  readonly status: RunStatus;
  readonly schedule: NightlySchedule;

  constructor(scope: Construct, id: string, props: RetrainingStackProps) {
    super(scope, id, props);
    const { deployment, bucket, topic, environment, trainer } = props;
    this.functions = createFunctions(this, deployment, bucket);
    this.#allowAsking(deployment);
    this.#allowPreflight();
    const arns = Object.entries(this.functions).map(([name, step]) => [
      name,
      // A night that has begun ends with the code that it began with, whatever is deployed meanwhile.
      step.function.currentVersion.functionArn,
    ]);
    this.nightly = new NightlyStateMachine(this, 'Nightly', {
      deployment,
      bucket,
      topic,
      functions: Object.values(this.functions).map((step) => step.function),
      executionRoles: [environment.role, trainer.role],
      definition: nightlyDefinition({
        config: deployment.config,
        bucket: bucket.bucketName,
        functionArns: Object.fromEntries(arns) as Record<NightlyFunction, string>,
        environmentImage: environment.imageUri,
        trainerImage: trainer.imageUri,
        environmentRoleArn: environment.role.roleArn,
        trainerRoleArn: trainer.role.roleArn,
        topicArn: topic.topicArn,
        deployment: deployment.name,
        partition: this.partition,
        keyArn: keyArnOf(this, deployment),
        tags: tagsOf(deployment),
      }),
    });
    this.status = new RunStatus(this, 'Status', {
      deployment,
      bucket,
      stateMachine: this.nightly.stateMachine,
    });
    this.schedule = new NightlySchedule(this, 'Schedule', {
      deployment,
      stateMachine: this.nightly.stateMachine,
    });
    // Other stacks import these or do not, as the configuration has it; what they have imported must stay meanwhile.
    const { deadLetters } = this.schedule;
    for (const offered of [
      this.status.bus.eventBusName,
      deadLetters.queueName,
      deadLetters.queueUrl,
    ]) {
      this.exportValue(offered);
    }
    new CfnOutput(this, 'StateMachineArn', { value: this.nightly.stateMachine.stateMachineArn });
  }

  /** `augment-sequences` asks the endpoints that runs create. */
  #allowAsking(deployment: Deployment): void {
    const { role } = this.functions.augmentSequences;
    const endpoints = `endpoint/${resourcePrefix(deployment.name)}*`;
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sagemaker:InvokeEndpoint'],
        resources: [`arn:${this.partition}:sagemaker:${this.region}:${this.account}:${endpoints}`],
      }),
    );
    acknowledge(
      role,
      'A run names its endpoint after the deployment and itself.',
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:${endpoints}]`,
    );
  }

  /** `begin-run` looks at the account's quotas before anything is paid for. */
  #allowPreflight(): void {
    const { role } = this.functions.beginRun;
    role.addToPolicy(
      new PolicyStatement({
        actions: ['servicequotas:ListAWSDefaultServiceQuotas', 'servicequotas:ListServiceQuotas'],
        resources: ['*'],
      }),
    );
    acknowledge(role, 'Lists of quotas take no resource.', 'AwsSolutions-IAM5[Resource::*]');
  }
}

/** Memory in MB and time in minutes of each step; more than 3,008 MB is refused to new accounts. */
const sizesOf = ({
  buildSequencesMegabytes,
}: PipelineConfig['operations']): Record<
  NightlyFunction,
  { name: keyof typeof functionAccess; memory: number; minutes: number }
> => ({
  beginRun: { name: 'begin-run', memory: 512, minutes: 2 },
  buildSequences: { name: 'build-sequences', memory: buildSequencesMegabytes, minutes: 15 },
  planEnvironment: { name: 'plan-environment', memory: 1769, minutes: 5 },
  planVectors: { name: 'plan-vectors', memory: 3008, minutes: 5 },
  augmentSequences: { name: 'augment-sequences', memory: 1769, minutes: 15 },
  fitRivals: { name: 'fit-rivals', memory: 3008, minutes: 15 },
  planTraining: { name: 'plan-training', memory: 512, minutes: 2 },
  registerModel: { name: 'register-model', memory: 1024, minutes: 15 },
  evaluateModels: { name: 'evaluate-models', memory: 3008, minutes: 15 },
  planRefit: { name: 'plan-refit', memory: 3008, minutes: 15 },
  promoteWinner: { name: 'promote-winner', memory: 512, minutes: 2 },
  publishReport: { name: 'publish-report', memory: 3008, minutes: 15 },
  endRun: { name: 'end-run', memory: 512, minutes: 2 },
});

function createFunctions(
  scope: Construct,
  deployment: Deployment,
  bucket: Bucket,
): Record<NightlyFunction, PipelineFunction> {
  const sizes = sizesOf(deployment.config.operations);
  const entries = Object.entries(sizes).map(([key, { name, memory, minutes }]) => [
    key,
    new PipelineFunction(scope, key.charAt(0).toUpperCase() + key.slice(1), {
      deployment,
      name,
      objects: { bucket, access: functionAccess[name] },
      memorySize: memory,
      timeout: Duration.minutes(minutes),
    }),
  ]);
  return Object.fromEntries(entries);
}
