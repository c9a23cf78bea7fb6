import { Duration, Stack } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { resourcePrefix } from '#lib/contracts/job-name.ts';
import { functionAccess } from '../access.ts';
import { type Deployment, eventBusName, stateMachineName } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { PipelineFunction } from './pipeline-function.ts';

export interface RunStatusProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
  readonly stateMachine: StateMachine;
}

/** The event bus on which the pipeline says that a run has started or ended, or an upload failed (lib/contracts/status-event.ts). */
export class RunStatus extends Construct {
  readonly bus: EventBus;
  readonly publishRunStatus: PipelineFunction;
  readonly statusChanged: Rule;

  constructor(scope: Construct, id: string, props: RunStatusProps) {
    super(scope, id);
    const { deployment, bucket, stateMachine } = props;
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: eventBusName(deployment),
      description: 'Runs that have started or ended, and uploads that failed',
    });
    this.publishRunStatus = new PipelineFunction(this, 'PublishRunStatus', {
      deployment,
      name: 'publish-run-status',
      objects: { bucket, access: functionAccess['publish-run-status'] },
      timeout: Duration.minutes(2),
      environment: {
        EVENT_BUS: this.bus.eventBusName,
        DEPLOYMENT: deployment.name,
        TIME_ZONE: deployment.config.operations.timeZone,
      },
    });
    this.bus.grantPutEventsTo(this.publishRunStatus.role);
    this.#allowCosting(deployment);
    this.statusChanged = new Rule(this, 'StatusChanged', {
      description: 'An execution of the nightly state machine has started or ended',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [stateMachine.stateMachineArn] },
      },
      targets: [new LambdaFunction(this.publishRunStatus.function, { retryAttempts: 3 })],
    });
  }

  /** What a run cost is found in SageMaker's jobs and in the execution's history. */
  #allowCosting(deployment: Deployment): void {
    const { role } = this.publishRunStatus;
    const { partition, region, account } = Stack.of(this);
    const jobs = `training-job/${resourcePrefix(deployment.name)}*`;
    const executions = `execution:${stateMachineName(deployment)}:*`;
    role.addToPolicy(
      new PolicyStatement({ actions: ['sagemaker:ListTrainingJobs'], resources: ['*'] }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sagemaker:DescribeTrainingJob'],
        resources: [`arn:${partition}:sagemaker:${region}:${account}:${jobs}`],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['states:GetExecutionHistory'],
        resources: [`arn:${partition}:states:${region}:${account}:${executions}`],
      }),
    );
    acknowledge(role, 'SageMaker’s list calls take no resource.', 'AwsSolutions-IAM5[Resource::*]');
    acknowledge(
      role,
      'Jobs are named after the deployment and the run; executions are named by whoever starts them.',
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:${jobs}]`,
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:${executions}]`,
    );
  }
}
