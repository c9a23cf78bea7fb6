import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { operatorAccess } from '../access.ts';
import { type Deployment, pipelinePath } from '../deployment.ts';
import { grantObjects } from './object-access.ts';

export interface OperatorRoleProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
}

/** What people act in who look at runs and choose a champion by hand; the account's IAM says who may assume it. */
export class OperatorRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: OperatorRoleProps) {
    super(scope, id);
    const { deployment, bucket } = props;
    this.role = new Role(this, 'Role', {
      assumedBy: new AccountRootPrincipal(),
      path: pipelinePath(deployment),
      description: `People who operate ${deployment.name}`,
    });
    grantObjects(deployment, bucket, this.role, operatorAccess);
  }
}
