import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Deployment } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';

/**
 * Puts a function into the existing network that the configuration names; does nothing when it names none.
 *
 * The property is set directly: the construct for an existing VPC asks for zones and route tables that nothing here
 * needs. Lambda attaches the function with the function's own role, through EC2 calls that know no resources.
 */
export function joinNetwork(member: LambdaFunction, role: Role, deployment: Deployment): void {
  const { vpc } = deployment.config.operations;
  if (vpc === null) return;
  (member.node.defaultChild as CfnFunction).vpcConfig = {
    subnetIds: vpc.subnetIds,
    securityGroupIds: vpc.securityGroupIds,
  };
  allow(role, 'Lambda attaches a function to a network through EC2 calls that take no resource.', [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ]);
}

/**
 * Lets SageMaker put the containers that it runs with this role into the configuration's network
 * (https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html); does nothing when it names none.
 */
export function allowNetwork(role: Role, deployment: Deployment): void {
  if (deployment.config.operations.vpc === null) return;
  allow(
    role,
    'SageMaker attaches containers to a network through EC2 calls that take no resource.',
    [
      'ec2:CreateNetworkInterface',
      'ec2:CreateNetworkInterfacePermission',
      'ec2:DeleteNetworkInterface',
      'ec2:DeleteNetworkInterfacePermission',
      'ec2:DescribeDhcpOptions',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ],
  );
}

function allow(role: Role, reason: string, actions: string[]): void {
  role.addToPolicy(new PolicyStatement({ actions, resources: ['*'] }));
  acknowledge(role, reason, 'AwsSolutions-IAM5[Resource::*]');
}
