import { Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { uploads } from '#lib/contracts/keys.ts';
import { type Deployment, pipelinePath } from '../deployment.ts';

/** What changes an object, or lets it be changed. */
const writes = [
  's3:DeleteObject',
  's3:DeleteObjectTagging',
  's3:DeleteObjectVersion',
  's3:DeleteObjectVersionTagging',
  's3:PutObject',
  's3:PutObjectAcl',
  's3:PutObjectLegalHold',
  's3:PutObjectRetention',
  's3:PutObjectTagging',
  's3:PutObjectVersionAcl',
  's3:PutObjectVersionTagging',
  's3:ReplicateDelete',
  's3:ReplicateObject',
  's3:RestoreObject',
];

/**
 * Keeps to its inbox whoever may write to the bucket for whatever reason: `logs/` and `catalog/` are for those whom IAM
 * lets, base models for those whom the configuration names as well, and all else is the pipeline's.
 *
 * The pipeline's roles are told by their path, because they belong to stacks that come later, and because a session
 * cannot give itself a path as it can a tag.
 *
 * @param baseModelWriters ARNs of roles that may write base models
 */
export function keepToInbox(
  deployment: Deployment,
  bucket: Bucket,
  baseModelWriters: readonly string[],
): void {
  const { partition, account } = Stack.of(bucket);
  const pipeline = [
    `arn:${partition}:iam::${account}:role${pipelinePath(deployment)}*`,
    ...deployment.config.operations.inbox.operators,
  ];
  const baseModels = `${uploads.baseModelsPrefix}*`;
  const deny = (sid: string, where: object, writers: readonly string[]) =>
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: writes,
        ...where,
        conditions: { ArnNotLike: { 'aws:PrincipalArn': writers } },
      }),
    );
  const inbox = [`${uploads.logsPrefix}*`, `${uploads.catalogPrefix}*`, baseModels];
  deny(
    'OnlyThePipelineWritesBesideTheInbox',
    { notResources: inbox.map((pattern) => bucket.arnForObjects(pattern)) },
    pipeline,
  );
  deny('BaseModelsNeedAGrantOfTheirOwn', { resources: [bucket.arnForObjects(baseModels)] }, [
    ...pipeline,
    ...baseModelWriters,
  ]);
}
