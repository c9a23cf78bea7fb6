import { RemovalPolicy } from 'aws-cdk-lib';
import { type CfnLogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type Deployment, logRetention } from '../deployment.ts';
import { keyArnOf } from './encryption-key.ts';

/** A log group, kept as long as the configuration says, encrypted with the deployment's key if it has one. */
export function createLogGroup(
  scope: Construct,
  id: string,
  deployment: Deployment,
  logGroupName: string,
): LogGroup {
  const group = new LogGroup(scope, id, {
    logGroupName,
    retention: logRetention(deployment),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const keyArn = keyArnOf(scope, deployment);
  if (keyArn !== undefined) (group.node.defaultChild as CfnLogGroup).kmsKeyId = keyArn;
  return group;
}
