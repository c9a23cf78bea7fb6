import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type Deployment, pipelinePath, serviceOfAccount } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { allowVolumes } from './encryption-key.ts';
import { allowNetwork } from './network.ts';
import { grantObjects, type ObjectAccess } from './object-access.ts';

export interface SageMakerRoleProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
  readonly access: ObjectAccess;
}

/** What a container may do while SageMaker runs it, as a job or behind an endpoint. */
export class SageMakerRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: SageMakerRoleProps) {
    super(scope, id);
    const stack = Stack.of(this);
    this.role = new Role(this, 'Role', {
      assumedBy: serviceOfAccount('sagemaker.amazonaws.com'),
      path: pipelinePath(props.deployment),
    });
    grantObjects(props.deployment, props.bucket, this.role, props.access);
    this.role.addToPolicy(
      new PolicyStatement({
        actions: [
          'logs:CreateLogGroup',
          'logs:CreateLogStream',
          'logs:DescribeLogStreams',
          'logs:PutLogEvents',
        ],
        resources: [
          `arn:${stack.partition}:logs:${stack.region}:${stack.account}:log-group:/aws/sagemaker/*`,
        ],
      }),
    );
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: {
          StringLike: {
            'cloudwatch:namespace': ['/aws/sagemaker/*', 'aws/sagemaker/*'],
          },
        },
      }),
    );
    this.role.addToPolicy(
      new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
    );
    allowNetwork(this.role, props.deployment);
    allowVolumes(props.deployment, this.role);
    acknowledge(
      this.role,
      'SageMaker names the log groups of its jobs and endpoints itself, all below this prefix.',
      'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/sagemaker/*]',
    );
    acknowledge(
      this.role,
      'cloudwatch:PutMetricData (limited to SageMaker’s namespaces) and ecr:GetAuthorizationToken take no resource.',
      'AwsSolutions-IAM5[Resource::*]',
    );
  }
}
