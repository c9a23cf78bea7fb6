import { Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Deployment } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { allowKeys } from './encryption-key.ts';

/** Patterns of S3 keys (`*` stands for anything) that somebody may touch. */
export interface ObjectAccess {
  readonly read?: readonly string[];
  /** Keys whose presence matters, not their content; what may be read may be listed anyway. */
  readonly list?: readonly string[];
  readonly write?: readonly string[];
  readonly delete?: readonly string[];
}

/**
 * Lets a role touch exactly these keys of a bucket.
 *
 * Whoever may read a prefix may also list it: without `s3:ListBucket`, S3 answers 403 instead of 404 for an object
 * that is not there. That check carries no prefix, and nobody here may list without one: `platform/objects.ts` looks again
 * with one.
 */
export function grantObjects(
  deployment: Deployment,
  bucket: Bucket,
  role: IRole,
  access: ObjectAccess,
): void {
  const { read = [], list = [], write = [], delete: remove = [] } = access;
  const arns = (patterns: readonly string[]) =>
    patterns.map((pattern) => bucket.arnForObjects(pattern));
  const allow = (actions: string[], patterns: readonly string[]) => {
    if (patterns.length === 0) return;
    role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: arns(patterns) }));
  };
  allow(['s3:GetObject'], read);
  allow(['s3:PutObject', 's3:AbortMultipartUpload'], write);
  allow(['s3:DeleteObject'], remove);
  const listed = [...new Set([...read, ...list])];
  if (listed.length > 0) {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': listed } },
      }),
    );
  }
  if (read.length + write.length > 0) {
    const actions = ['kms:Decrypt', ...(write.length > 0 ? ['kms:GenerateDataKey'] : [])];
    const { region } = Stack.of(role);
    allowKeys(deployment, role, actions, {
      StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` },
    });
  }
  const touched = new Set(
    [...read, ...write, ...remove].filter((pattern) => pattern.includes('*')),
  );
  acknowledge(
    role,
    'Objects of one kind share a prefix; the pattern is as narrow as the key that lib/contracts/keys.ts builds.',
    ...[...touched].map(
      (pattern) => `AwsSolutions-IAM5[Resource::${arnText(bucket, role)}/${pattern}]`,
    ),
  );
}

/** The bucket's ARN as it will stand in the role's template, in the notation of cdk-nag. */
function arnText(bucket: Bucket, role: IRole): string {
  const [producer, consumer] = [Stack.of(bucket), Stack.of(role)];
  if (producer === consumer) {
    const { 'Fn::GetAtt': attribute } = consumer.resolve(bucket.bucketArn);
    return `<${attribute.join('.')}>`;
  }
  return consumer.resolve(producer.exportValue(bucket.bucketArn))['Fn::ImportValue'];
}
