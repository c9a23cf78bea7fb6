import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type InboxSource, outputOf } from '#lib/contracts/config/inbox.ts';
import { DataBucket } from '../constructs/data-bucket.ts';
import { EncryptionKey } from '../constructs/encryption-key.ts';
import { Expiry } from '../constructs/expiry.ts';
import { Forgetting } from '../constructs/forgetting.ts';
import { keepToInbox } from '../constructs/inbox-policy.ts';
import { Ingestion } from '../constructs/ingestion.ts';
import { OperatorRole } from '../constructs/operator-role.ts';
import { NotificationTopic } from '../constructs/topic.ts';
import { UploaderRole } from '../constructs/uploader-role.ts';
import type { Deployment } from '../deployment.ts';

export interface DataStackProps extends StackProps {
  readonly deployment: Deployment;
}

/** What outlives every run: the bucket, ingestion into it, and the topic that people listen to. */
export class DataStack extends Stack {
  readonly bucket: Bucket;
  readonly topic: Topic;
  /** What people act in who choose a champion by hand. */
  readonly operator: Role;
  /** A role for each of those who upload. */
  readonly uploaders: readonly { readonly source: InboxSource; readonly role: Role }[];
  readonly ingestion: Ingestion;
  readonly expiry: Expiry;
  readonly forgetting: Forgetting;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { deployment } = props;
    const { key } = new EncryptionKey(this, { deployment });
    this.bucket = new DataBucket(this, 'Data', { deployment, key }).bucket;
    this.operator = new OperatorRole(this, 'Operator', { deployment, bucket: this.bucket }).role;
    this.uploaders = deployment.config.operations.inbox.sources.map((source) => {
      const props = { deployment, bucket: this.bucket, source };
      return { source, role: new UploaderRole(this, `Uploader-${source.name}`, props).role };
    });
    const baseModelWriters = this.uploaders.filter(({ source }) => source.baseModels);
    keepToInbox(
      deployment,
      this.bucket,
      baseModelWriters.map(({ role }) => role.roleArn),
    );
    this.topic = new NotificationTopic(this, 'Notifications', { deployment }).topic;
    this.ingestion = new Ingestion(this, 'Ingestion', { deployment, bucket: this.bucket });
    this.expiry = new Expiry(this, 'Expiry', { deployment, bucket: this.bucket });
    this.forgetting = new Forgetting(this, 'Forgetting', { deployment, bucket: this.bucket });
    new CfnOutput(this, 'DataBucketName', { value: this.bucket.bucketName });
    new CfnOutput(this, 'TopicArn', { value: this.topic.topicArn });
    new CfnOutput(this, 'OperatorRoleArn', { value: this.operator.roleArn });
    for (const { source, role } of this.uploaders) {
      new CfnOutput(this, outputOf(source.name), { value: role.roleArn });
    }
  }
}
