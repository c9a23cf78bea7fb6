import { Aws, type CfnResource, Duration, Stack } from 'aws-cdk-lib';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { impressions, interactions, items, quotas, uploads } from '#lib/contracts/keys.ts';
import { type Deployment, isDisposable, pipelinePath, removalPolicy } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { createLogGroup } from './log-group.ts';

export interface DataBucketProps {
  readonly deployment: Deployment;
  /** @default - S3's own key */
  readonly key: Key | undefined;
}

/**
 * The one bucket of the pipeline. Every object event goes to EventBridge, every access to a log bucket beside it.
 *
 * Old runs are not expired by prefix, because the champion's model lies among them: `expire-runs` does that.
 */
export class DataBucket extends Construct {
  readonly bucket: Bucket;
  readonly accessLogs: Bucket;
  /** Of what empties the buckets of a disposable deployment; other deployments have none. */
  readonly emptierLogs: LogGroup | undefined;

  constructor(scope: Construct, id: string, props: DataBucketProps) {
    super(scope, id);
    const { deployment, key } = props;
    const common = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: removalPolicy(deployment),
      autoDeleteObjects: isDisposable(deployment),
    };
    this.accessLogs = new Bucket(this, 'AccessLogs', {
      ...common,
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
    acknowledge(
      this.accessLogs,
      'This is the bucket for access logs; logging its own writes to itself would never end.',
      'AwsSolutions-S1',
    );
    this.bucket = new Bucket(this, 'Bucket', {
      ...common,
      ...(key === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : {
            encryption: BucketEncryption.KMS,
            encryptionKey: key,
            bucketKeyEnabled: true,
          }),
      versioned: true,
      serverAccessLogsBucket: this.accessLogs as IBucket,
      serverAccessLogsPrefix: 'data/',
      lifecycleRules: lifecycleRules(deployment),
    });
    if (isDisposable(deployment)) this.emptierLogs = adoptEmptier(this, deployment);
    // `eventBridgeEnabled` would add a custom resource with a function of its own for this one property.
    (this.bucket.node.defaultChild as CfnBucket).addPropertyOverride(
      'NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled',
      true,
    );
  }
}

/**
 * CDK's function that empties disposable buckets is made one of ours. Its role trusts Lambda for this account alone, and is told
 * by the path of the pipeline's roles: CloudFormation cuts its name where the deployment's is long. Its log group is kept as
 * long as others, with the same key; one that Lambda makes for it would outlast the stacks.
 */
function adoptEmptier(scope: Construct, deployment: Deployment): LogGroup {
  const provider = Stack.of(scope).node.findChild(
    'Custom::S3AutoDeleteObjectsCustomResourceProvider',
  );
  const [role, handler] = ['Role', 'Handler'].map((id) => provider.node.findChild(id)) as [
    CfnResource,
    CfnResource,
  ];
  role.addPropertyOverride('Path', pipelinePath(deployment));
  role.addPropertyOverride('AssumeRolePolicyDocument.Statement.0.Condition', {
    StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
  });
  const name = `/aws/lambda/${deployment.name}-empty-buckets`;
  const logs = createLogGroup(scope, 'EmptierLogs', deployment, name);
  handler.addPropertyOverride('LoggingConfig', { LogGroup: logs.logGroupName });
  return logs;
}

function lifecycleRules(deployment: Deployment): LifecycleRule[] {
  const { retention } = deployment.config.operations;
  const cold = (prefix: string): LifecycleRule => ({
    prefix,
    transitions: [
      { storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(30) },
    ],
  });
  return [
    {
      abortIncompleteMultipartUploadAfter: Duration.days(2),
      noncurrentVersionExpiration: Duration.days(7),
      expiredObjectDeleteMarker: true,
    },
    ...[uploads.logsPrefix, uploads.catalogPrefix, interactions.prefix, items.prefix].map(cold),
    { prefix: 'quarantine/', expiration: Duration.days(retention.quarantineDays) },
    // A day is all that counts.
    { prefix: quotas.prefix, expiration: Duration.days(2) },
    { prefix: 'recommendations/', expiration: Duration.days(retention.recommendationDays) },
    { prefix: impressions.prefix, expiration: Duration.days(retention.impressionDays) },
  ];
}
