import { Stack, type StackProps } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { MonitoringFacade, SnsAlarmActionStrategy } from 'cdk-monitoring-constructs';
import type { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import type { RetrainingStack } from '../retraining/stack.ts';

export interface MonitoringStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly topic: ITopic;
  readonly retraining: RetrainingStack;
}

/** One dashboard, and the alarms that people are told of. */
export class MonitoringStack extends Stack {
  readonly facade: MonitoringFacade;

  constructor(scope: Construct, id: string, props: MonitoringStackProps) {
    super(scope, id, props);
    const { deployment, topic } = props;
    this.facade = new MonitoringFacade(this, deployment.name, {
      alarmFactoryDefaults: {
        alarmNamePrefix: deployment.name,
        actionsEnabled: true,
        action: new SnsAlarmActionStrategy({ onAlarmTopic: topic }),
      },
    });
    this.facade.monitorStepFunction({
      stateMachine: props.retraining.nightly.stateMachine,
      addFailedExecutionCountAlarm: { Warning: { maxErrorCount: 0 } },
    });
  }
}
