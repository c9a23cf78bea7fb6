import { Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { resourcePrefix, sharedPrefix } from '#lib/contracts/job-name.ts';
import { stateMachineAccess } from '../access.ts';
import {
  type Deployment,
  pipelinePath,
  serviceOfAccount,
  stateMachineName,
} from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { allowKeys, allowVolumes } from './encryption-key.ts';
import { createLogGroup } from './log-group.ts';
import { grantObjects } from './object-access.ts';

export interface NightlyStateMachineProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
  readonly topic: ITopic;
  /** Every function that the definition calls. */
  readonly functions: readonly IFunction[];
  /** The roles that training jobs and endpoints run with. */
  readonly executionRoles: readonly IRole[];
  /** Amazon States Language. */
  readonly definition: object;
}

/** The nightly state machine, with exactly the permissions that its definition needs. */
export class NightlyStateMachine extends Construct {
  readonly stateMachine: StateMachine;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: NightlyStateMachineProps) {
    super(scope, id);
    const { deployment } = props;
    const name = stateMachineName(deployment);
    // Log delivery keeps its resource policy small for groups below this prefix.
    this.logGroup = createLogGroup(this, 'Logs', deployment, `/aws/vendedlogs/states/${name}`);
    this.role = new Role(this, 'Role', {
      assumedBy: serviceOfAccount('states.amazonaws.com'),
      path: pipelinePath(deployment),
      description: `What ${name} may do`,
    });
    grantObjects(deployment, props.bucket, this.role, stateMachineAccess);
    // A large result is written in parts.
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:ListMultipartUploadParts'],
        resources: stateMachineAccess.write.map((pattern) => props.bucket.arnForObjects(pattern)),
      }),
    );
    for (const statement of [
      ...callStatements(props),
      ...sagemakerStatements(this, props),
      ...mapStatements(this, name),
    ]) {
      this.role.addToPolicy(statement);
    }
    props.topic.grantPublish(this.role);
    allowKeys(deployment, this.role, ['kms:Decrypt', 'kms:GenerateDataKey'], {
      StringEquals: { 'kms:ViaService': `sns.${Stack.of(this).region}.amazonaws.com` },
    });
    allowVolumes(deployment, this.role);
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: name,
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(props.definition)),
      role: this.role,
      // Inputs and outputs hold keys and names only, but there is no need to keep them.
      logs: { destination: this.logGroup, level: LogLevel.ALL, includeExecutionData: false },
      tracingEnabled: true,
    });
    acknowledge(
      this.role,
      'Every version of exactly these functions.',
      ...props.functions.map((step) => `AwsSolutions-IAM5[Resource::<${attributeOf(step)}>:*]`),
    );
    acknowledge(
      this.role,
      'Log delivery and X-Ray take no resource.',
      'AwsSolutions-IAM5[Resource::*]',
    );
  }
}

/** A function's ARN in the notation of cdk-nag. */
function attributeOf(step: IFunction): string {
  return Stack.of(step).resolve(step.functionArn)['Fn::GetAtt'].join('.');
}

function callStatements({
  functions,
  executionRoles,
}: NightlyStateMachineProps): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: ['lambda:InvokeFunction'],
      // All versions: executions that began before a deployment call older ones.
      resources: functions.map((step) => `${step.functionArn}:*`),
    }),
    new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: executionRoles.map((role) => role.roleArn),
      conditions: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
    }),
  ];
}

/** Everything that a run creates in SageMaker is named after the deployment. */
function sagemakerStatements(scope: Construct, props: NightlyStateMachineProps): PolicyStatement[] {
  const { partition, region, account } = Stack.of(scope);
  const arn = (service: string, resource: string) =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const { name } = props.deployment;
  const [job, endpoint] = ['training-job', 'endpoint'].map(
    (kind) => `${kind}/${resourcePrefix(name)}*`,
  ) as [string, string];
  const [model, endpointConfig] = [
    `model/${sharedPrefix(name)}*`,
    `endpoint-config/${sharedPrefix(name)}*`,
  ];
  const all = [job, model, endpointConfig, endpoint];
  acknowledge(
    scope,
    'A run names its jobs and endpoints after the deployment and itself, models and configurations after their content.',
    ...all.map(
      (resource) =>
        `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:${resource}]`,
    ),
  );
  const allow = (actions: string[], ...resources: string[]) =>
    new PolicyStatement({
      actions: actions.map((action) => `sagemaker:${action}`),
      resources: resources.map((resource) => arn('sagemaker', resource)),
    });
  return [
    allow(['CreateTrainingJob', 'DescribeTrainingJob', 'ListTags', 'StopTrainingJob'], job),
    // Step Functions marks the jobs that it waits for with a tag of its own.
    allow(['AddTags'], ...all),
    allow(['CreateModel'], model),
    allow(['CreateEndpointConfig'], endpointConfig),
    allow(['CreateEndpoint'], endpoint, endpointConfig),
    allow(['DescribeEndpoint', 'DeleteEndpoint'], endpoint),
    // How Step Functions learns that a job has ended (the rule is its own and has this name).
    new PolicyStatement({
      actions: ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
      resources: [arn('events', 'rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule')],
    }),
  ];
}

/** A distributed map runs its items as executions of the state machine itself. */
function mapStatements(scope: Construct, name: string): PolicyStatement[] {
  const { partition, region, account } = Stack.of(scope);
  const arn = (resource: string) => `arn:${partition}:states:${region}:${account}:${resource}`;
  const executions = [`${name}:*`, `${name}/*`];
  acknowledge(
    scope,
    'Executions of the state machine itself; their names are Step Functions’ own.',
    ...executions.map(
      (execution) =>
        `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${execution}]`,
    ),
  );
  return [
    new PolicyStatement({
      actions: ['states:StartExecution'],
      resources: [arn(`stateMachine:${name}`)],
    }),
    new PolicyStatement({
      actions: ['states:DescribeExecution', 'states:RedriveExecution', 'states:StopExecution'],
      resources: executions.map((execution) => arn(`execution:${execution}`)),
    }),
  ];
}
