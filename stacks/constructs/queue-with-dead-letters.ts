import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface QueueWithDeadLettersProps {
  /** The queue's name; its dead-letter queue adds `-dead-letters`. */
  readonly name: string;
  readonly consumerTimeout: Duration;
  /**
   * How long a message that was taken stays invisible; what failed is tried again after it.
   * @default - six times the consumer's timeout
   */
  readonly visibilityTimeout?: Duration;
  /**
   * How often a message is tried.
   * @default 5
   */
  readonly attempts?: number;
}

/** A queue, and the queue for what could not be done. */
export class QueueWithDeadLetters extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: QueueWithDeadLettersProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `${props.name}-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      queueName: props.name,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(4),
      visibilityTimeout:
        props.visibilityTimeout ?? Duration.seconds(6 * props.consumerTimeout.toSeconds()),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.attempts ?? 5 },
    });
  }
}
