import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { resourcePrefix, sharedPrefix } from '#lib/contracts/job-name.ts';
import { functionAccess } from '../access.ts';
import type { Deployment } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { PipelineFunction } from './pipeline-function.ts';

export interface EndpointJanitorProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
  /** Name of the state machine whose executions own endpoints. */
  readonly stateMachineName: string;
}

/**
 * Removes endpoints that no run owns: at once when an execution was stopped, ran out of time or failed, and every
 * hour whatever happened. A run removes its own endpoint when it can; this is for when it cannot. It also removes models
 * and endpoint configurations whose environment has expired, which runs share.
 */
export class EndpointJanitor extends Construct {
  readonly removeIdleEndpoints: PipelineFunction;
  readonly hourly: Rule;
  readonly executionEnded: Rule;

  constructor(scope: Construct, id: string, props: EndpointJanitorProps) {
    super(scope, id);
    const { deployment, bucket, stateMachineName } = props;
    const states = (resource: string) =>
      Stack.of(this).formatArn({
        service: 'states',
        resource,
        resourceName: stateMachineName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    this.removeIdleEndpoints = new PipelineFunction(this, 'RemoveIdleEndpoints', {
      deployment,
      name: 'remove-idle-endpoints',
      objects: { bucket, access: functionAccess['remove-idle-endpoints'] },
      timeout: Duration.minutes(5),
      environment: { DEPLOYMENT: deployment.name, EXECUTION_ARN: states('execution') },
    });
    this.#allow(deployment, `${states('execution')}:*`, stateMachineName);
    const target = (reason: string) =>
      new LambdaFunction(this.removeIdleEndpoints.function, {
        event: RuleTargetInput.fromObject({ reason }),
        retryAttempts: 3,
      });
    this.hourly = new Rule(this, 'Hourly', {
      description: 'Looks for endpoints that no run owns',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [target('hourly')],
    });
    this.executionEnded = new Rule(this, 'ExecutionEnded', {
      description: 'An execution may have left an endpoint behind',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [states('stateMachine')],
          status: ['ABORTED', 'FAILED', 'TIMED_OUT'],
        },
      },
      targets: [target('execution-ended')],
    });
  }

  #allow(deployment: Deployment, executions: string, stateMachineName: string): void {
    const { role } = this.removeIdleEndpoints;
    const { partition, region, account } = Stack.of(this);
    const allowed = {
      [`endpoint/${resourcePrefix(deployment.name)}*`]: ['DeleteEndpoint'],
      [`endpoint-config/${sharedPrefix(deployment.name)}*`]: [
        'DescribeEndpointConfig',
        'DeleteEndpointConfig',
      ],
      [`model/${sharedPrefix(deployment.name)}*`]: ['DescribeModel', 'DeleteModel'],
    };
    const allow = (actions: string[], resource: string) =>
      role.addToPolicy(
        new PolicyStatement({
          actions: actions.map((action) => `sagemaker:${action}`),
          resources: [resource],
        }),
      );
    for (const [resource, actions] of Object.entries(allowed)) {
      allow(actions, `arn:${partition}:sagemaker:${region}:${account}:${resource}`);
    }
    allow(['ListEndpoints', 'ListEndpointConfigs', 'ListModels'], '*');
    role.addToPolicy(
      new PolicyStatement({ actions: ['states:DescribeExecution'], resources: [executions] }),
    );
    acknowledge(role, 'SageMaker’s list calls take no resource.', 'AwsSolutions-IAM5[Resource::*]');
    acknowledge(
      role,
      'What a run creates is named after the deployment, and the run or the content; executions are named by whoever starts them.',
      ...Object.keys(allowed).map(
        (resource) =>
          `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:${resource}]`,
      ),
      `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${stateMachineName}:*]`,
    );
  }
}
