import { Aws } from 'aws-cdk-lib';
import { AccountPrincipal, CompositePrincipal, type IPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { InboxSource } from '#lib/contracts/config/inbox.ts';
import { uploads } from '#lib/contracts/keys.ts';
import type { Deployment } from '../deployment.ts';
import { grantObjects } from './object-access.ts';

export interface UploaderRoleProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
  readonly source: InboxSource;
}

/** What whoever uploads for a source assumes: it may write below the source's own prefixes, and see what is there. */
export class UploaderRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: UploaderRoleProps) {
    super(scope, id);
    const { deployment, bucket, source } = props;
    this.role = new Role(this, 'Role', {
      assumedBy: accountsOf(source),
      // Not the pipeline's path, which may write everywhere, nor that of any other deployment's: each begins with `lea-`.
      path: `/uploads/${deployment.name}/`,
      description: `Uploads of ${source.name}`,
    });
    const prefixes = [
      uploads.sourcePrefix('logs', source.name),
      ...(source.catalog ? [uploads.sourcePrefix('catalog', source.name)] : []),
      ...(source.baseModels ? [uploads.baseModelsPrefix] : []),
    ];
    const patterns = prefixes.map((prefix) => `${prefix}*`);
    grantObjects(deployment, bucket, this.role, { write: patterns, list: patterns });
  }
}

/** Accounts whose administrators decide who of theirs may assume the role. */
function accountsOf({ accounts, externalId }: InboxSource): IPrincipal {
  const named = accounts.length === 0 ? [Aws.ACCOUNT_ID] : accounts;
  const principals = named.map((account) => new AccountPrincipal(account));
  const anyOf = new CompositePrincipal(...principals);
  return externalId === null
    ? anyOf
    : anyOf.withConditions({ StringEquals: { 'sts:ExternalId': externalId } });
}
