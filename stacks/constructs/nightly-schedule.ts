import { Duration, TimeZone } from 'aws-cdk-lib';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';

export interface NightlyScheduleProps {
  readonly deployment: Deployment;
  readonly stateMachine: IStateMachine;
}

/**
 * Starts the state machine at the configured time of the configured time zone.
 *
 * EventBridge Scheduler may start it twice: the scheduled time goes into the input, and the run's lock lets one in.
 */
export class NightlySchedule extends Construct {
  /** Absent when the configuration's `schedule` is null. */
  readonly schedule: Schedule | undefined;
  /** Starts that failed for an hour. The queue is there in any case: alarms of another stack watch it. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: NightlyScheduleProps) {
    super(scope, id);
    const { name, config } = props.deployment;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `${name}-schedule-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.deadLetters, 'This is a dead-letter queue.', 'AwsSolutions-SQS3');
    const { schedule, timeZone } = config.operations;
    if (schedule === null) return;
    this.schedule = new Schedule(this, 'Schedule', {
      scheduleName: `${name}-nightly`,
      description: 'Starts the nightly run',
      schedule: ScheduleExpression.expression(schedule, TimeZone.of(timeZone)),
      target: new StepFunctionsStartExecution(props.stateMachine, {
        input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
        deadLetterQueue: this.deadLetters,
        maxEventAge: Duration.hours(1),
        retryAttempts: 10,
      }),
    });
  }
}
