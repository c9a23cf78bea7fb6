import { Duration } from 'aws-cdk-lib';
import { type EventBus, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { LayerVersion } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { runEventTypes, statusEventSource } from '#lib/contracts/status-event.ts';
import { functionAccess } from '../access.ts';
import type { Deployment } from '../deployment.ts';
import { PipelineFunction } from './pipeline-function.ts';
import { QueueWithDeadLetters } from './queue-with-dead-letters.ts';

export interface BatchRecommendationsProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
  /** Where runs are announced. */
  readonly bus: EventBus;
  /** TensorFlow.js's kernels. */
  readonly layer: LayerVersion;
}

const timeout = Duration.minutes(15);

/** The champion's recommendations to every user, written to S3 after every successful run. */
export class BatchRecommendations extends Construct {
  readonly queue: QueueWithDeadLetters;
  readonly recommendBatch: PipelineFunction;
  /** Absent with `operations.serving.batchCount` 0; a message by hand starts a batch even then. */
  readonly runSucceeded: Rule | undefined;
  /** Looks whether the last run's lists are there; absent likewise. */
  readonly hourly: Rule | undefined;

  constructor(scope: Construct, id: string, props: BatchRecommendationsProps) {
    super(scope, id);
    const { deployment, bucket, bus, layer } = props;
    const { batchCount } = deployment.config.operations.serving;
    this.queue = new QueueWithDeadLetters(this, 'BatchQueue', {
      name: `${deployment.name}-recommend-batch`,
      consumerTimeout: timeout,
      attempts: 3,
    });
    this.recommendBatch = new PipelineFunction(this, 'RecommendBatch', {
      deployment,
      name: 'recommend-batch',
      objects: { bucket, access: functionAccess['recommend-batch'] },
      memorySize: 3008,
      timeout,
      environment: {
        BATCH_QUEUE_URL: this.queue.queue.queueUrl,
        COUNT: String(batchCount === 0 ? 20 : batchCount),
      },
    });
    this.recommendBatch.function.addLayers(layer);
    this.queue.queue.grantSendMessages(this.recommendBatch.role);
    this.recommendBatch.function.addEventSource(
      new SqsEventSource(this.queue.queue, {
        batchSize: 1,
        maxConcurrency: 10,
        reportBatchItemFailures: true,
      }),
    );
    if (batchCount === 0) return;
    this.runSucceeded = new Rule(this, 'RunSucceeded', {
      description: 'A run has ended well: recommend to everybody',
      eventBus: bus,
      eventPattern: { source: [statusEventSource], detailType: [runEventTypes.succeeded] },
      targets: [new SqsQueue(this.queue.queue, { deadLetterQueue: this.queue.deadLetters })],
    });
    this.hourly = new Rule(this, 'Hourly', {
      description: 'Looks whether the recommendations to everybody are there',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [
        new SqsQueue(this.queue.queue, { message: RuleTargetInput.fromObject({ kind: 'check' }) }),
      ],
    });
  }
}
