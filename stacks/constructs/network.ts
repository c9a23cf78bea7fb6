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
  role.addToPolicy(
    new PolicyStatement({
      actions: [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
    }),
  );
  acknowledge(
    role,
    'Lambda attaches a function to a network through EC2 calls that take no resource.',
    'AwsSolutions-IAM5[Resource::*]',
  );
}
