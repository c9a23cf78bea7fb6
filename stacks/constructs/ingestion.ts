import { Duration, Stack } from 'aws-cdk-lib';
import { Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { planUploadSeconds } from '#lib/contracts/config/interactions.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { functionAccess } from '../access.ts';
import { type Deployment, eventBusName } from '../deployment.ts';
import { PipelineFunction } from './pipeline-function.ts';
import { QueueWithDeadLetters } from './queue-with-dead-letters.ts';

export interface IngestionProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
}

const planTimeout = Duration.seconds(planUploadSeconds);
const parseTimeout = Duration.minutes(5);

/**
 * An uploaded object -> EventBridge -> queue -> `plan-upload` (cuts it into ranges) -> queue -> `parse-range`.
 *
 * Both functions answer with the messages that failed, so that one bad message does not repeat its neighbours. Their
 * concurrency is limited at the event source: reserved concurrency would throttle, and throttled messages count
 * as tries and end up in the dead-letter queue.
 */
export class Ingestion extends Construct {
  readonly uploadCreated: Rule;
  readonly planQueue: QueueWithDeadLetters;
  readonly parseQueue: QueueWithDeadLetters;
  readonly planUpload: PipelineFunction;
  readonly parseRange: PipelineFunction;

  constructor(scope: Construct, id: string, props: IngestionProps) {
    super(scope, id);
    const { deployment, bucket } = props;
    this.planQueue = new QueueWithDeadLetters(this, 'PlanQueue', {
      name: `${deployment.name}-plan-upload`,
      consumerTimeout: planTimeout,
      // A log that waits for a catalogue is looked at again after this.
      visibilityTimeout: Duration.minutes(6),
    });
    this.parseQueue = new QueueWithDeadLetters(this, 'ParseQueue', {
      name: `${deployment.name}-parse-range`,
      consumerTimeout: parseTimeout,
    });
    const environment = {
      EVENT_BUS: eventBusName(deployment),
      PARSE_QUEUE_URL: this.parseQueue.queue.queueUrl,
      PIPELINE_CONFIG: deployment.configText,
    };
    this.planUpload = new PipelineFunction(this, 'PlanUpload', {
      deployment,
      name: 'plan-upload',
      objects: { bucket, access: functionAccess['plan-upload'] },
      // A whole processor: with less, it and not S3 is what a large file waits for.
      memorySize: 1769,
      timeout: planTimeout,
      environment,
    });
    this.parseRange = new PipelineFunction(this, 'ParseRange', {
      deployment,
      name: 'parse-range',
      objects: { bucket, access: functionAccess['parse-range'] },
      memorySize: 1769,
      timeout: parseTimeout,
      environment,
    });
    this.parseQueue.queue.grantSendMessages(this.planUpload.role);
    for (const { role } of [this.planUpload, this.parseRange]) {
      role.addToPolicy(
        new PolicyStatement({
          actions: ['events:PutEvents'],
          resources: [
            Stack.of(this).formatArn({
              service: 'events',
              resource: 'event-bus',
              resourceName: eventBusName(deployment),
            }),
          ],
        }),
      );
    }
    this.planUpload.function.addEventSource(
      new SqsEventSource(this.planQueue.queue, {
        // Looking through a large file takes a function's whole time.
        batchSize: 1,
        maxConcurrency: 2,
        reportBatchItemFailures: true,
      }),
    );
    this.parseRange.function.addEventSource(
      new SqsEventSource(this.parseQueue.queue, {
        batchSize: 1,
        maxConcurrency: deployment.config.operations.ingestionConcurrency,
        reportBatchItemFailures: true,
      }),
    );
    this.uploadCreated = new Rule(this, 'UploadCreated', {
      description: 'An object was uploaded to the logs or to the catalogue',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [bucket.bucketName] },
          object: {
            key: Match.anyOf(Match.prefix(uploads.logsPrefix), Match.prefix(uploads.catalogPrefix)),
          },
        },
      },
      targets: [
        new SqsQueue(this.planQueue.queue, { deadLetterQueue: this.planQueue.deadLetters }),
      ],
    });
  }
}
