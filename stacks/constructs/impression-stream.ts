import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { type LogGroup, LogStream } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { impressions } from '#lib/contracts/keys.ts';
import { impressionStreamAccess } from '../access.ts';
import { type Deployment, pipelinePath } from '../deployment.ts';
import { keyArnOf } from './encryption-key.ts';
import { createLogGroup } from './log-group.ts';
import { grantObjects } from './object-access.ts';

export interface ImpressionStreamProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
}

/** A file is written after this: what was answered meanwhile is in it. */
const bufferSeconds = 900;
const bufferMegabytes = 64;

/**
 * Takes one answer after the other and writes them below `impressions/`, gzipped, many to a file: 96 files a day at least, and
 * whoever answers waits for one call of a few milliseconds.
 */
export class ImpressionStream extends Construct {
  readonly stream: CfnDeliveryStream;
  readonly role: Role;
  readonly logGroup: LogGroup;
  readonly errors: LogStream;

  constructor(scope: Construct, id: string, props: ImpressionStreamProps) {
    super(scope, id);
    const { deployment, bucket } = props;
    const name = `${deployment.name}-impressions`;
    this.logGroup = createLogGroup(this, 'Logs', deployment, `/aws/kinesisfirehose/${name}`);
    this.errors = new LogStream(this, 'Errors', { logGroup: this.logGroup });
    this.role = new Role(this, 'Role', {
      // Public templates know Firehose by its external id, the account. Whether it says its source account as well is not
      // documented (https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html): where it does, it has to be ours.
      assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
        conditions: {
          StringEquals: { 'sts:ExternalId': Aws.ACCOUNT_ID },
          StringEqualsIfExists: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        },
      }),
      path: pipelinePath(deployment),
      description: `Writes what ${deployment.name} answered`,
    });
    grantObjects(deployment, bucket, this.role, impressionStreamAccess);
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:GetBucketLocation', 's3:ListBucketMultipartUploads'],
        resources: [bucket.bucketArn],
      }),
    );
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    const keyArn = keyArnOf(this, deployment);
    this.stream = new CfnDeliveryStream(this, 'Stream', {
      deliveryStreamName: name,
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput:
        keyArn === undefined
          ? { keyType: 'AWS_OWNED_CMK' }
          : { keyType: 'CUSTOMER_MANAGED_CMK', keyArn },
      extendedS3DestinationConfiguration: {
        bucketArn: bucket.bucketArn,
        roleArn: this.role.roleArn,
        prefix: impressions.dayPrefix('!{timestamp:yyyy-MM-dd}'),
        errorOutputPrefix: `${impressions.prefix}failed/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/`,
        fileExtension: '.jsonl.gz',
        compressionFormat: 'GZIP',
        bufferingHints: { intervalInSeconds: bufferSeconds, sizeInMBs: bufferMegabytes },
        cloudWatchLoggingOptions: {
          enabled: true,
          logGroupName: this.logGroup.logGroupName,
          logStreamName: this.errors.logStreamName,
        },
      },
    });
    // The stream checks on creation that it may write.
    this.stream.node.addDependency(this.role);
  }
}
