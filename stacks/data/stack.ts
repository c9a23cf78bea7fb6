import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { DataBucket } from '../constructs/data-bucket.ts';
import { Expiry } from '../constructs/expiry.ts';
import { Ingestion } from '../constructs/ingestion.ts';
import { NotificationTopic } from '../constructs/topic.ts';
import type { Deployment } from '../deployment.ts';

export interface DataStackProps extends StackProps {
  readonly deployment: Deployment;
}

/** What outlives every run: the bucket, ingestion into it, and the topic that people listen to. */
export class DataStack extends Stack {
  readonly bucket: Bucket;
  readonly topic: Topic;
  readonly ingestion: Ingestion;
  readonly expiry: Expiry;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { deployment } = props;
    this.bucket = new DataBucket(this, 'Data', { deployment }).bucket;
    this.topic = new NotificationTopic(this, 'Notifications', { deployment }).topic;
    this.ingestion = new Ingestion(this, 'Ingestion', { deployment, bucket: this.bucket });
    this.expiry = new Expiry(this, 'Expiry', { deployment, bucket: this.bucket });
    new CfnOutput(this, 'DataBucketName', { value: this.bucket.bucketName });
    new CfnOutput(this, 'TopicArn', { value: this.topic.topicArn });
  }
}
