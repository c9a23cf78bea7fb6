import { Stack, type StackProps } from 'aws-cdk-lib';
import {
  DefaultDashboardFactory,
  MonitoringFacade,
  SnsAlarmActionStrategy,
} from 'cdk-monitoring-constructs';
import type { Construct } from 'constructs';
import { namingOf } from '../alarms.ts';
import { MonthlyBudget } from '../constructs/monthly-budget.ts';
import type { DataStack } from '../data/stack.ts';
import type { Deployment } from '../deployment.ts';
import type { EnvironmentStack } from '../environment/stack.ts';
import type { RetrainingStack } from '../retraining/stack.ts';
import type { ServingStack } from '../serving/stack.ts';
import { monitorIngestion } from './ingestion-monitoring.ts';
import { monitorRuns } from './run-monitoring.ts';
import { monitorServing } from './serving-monitoring.ts';

export interface MonitoringStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly data: DataStack;
  readonly environment: EnvironmentStack;
  readonly retraining: RetrainingStack;
  readonly serving: ServingStack;
}

/** One dashboard, the alarms that people are told of, and the budget. */
export class MonitoringStack extends Stack {
  readonly facade: MonitoringFacade;
  /** Only with `operations.monthlyBudgetUsd`. */
  readonly budget: MonthlyBudget | undefined;

  constructor(scope: Construct, id: string, props: MonitoringStackProps) {
    super(scope, id, props);
    const { deployment, data, environment, retraining, serving } = props;
    const { stateMachine } = retraining.nightly;
    this.facade = new MonitoringFacade(this, 'Monitoring', {
      metricFactoryDefaults: { namespace: deployment.name },
      alarmFactoryDefaults: {
        alarmNamePrefix: deployment.name,
        actionsEnabled: true,
        // People also hear that something is well again.
        action: new SnsAlarmActionStrategy({ onAlarmTopic: data.topic, onOkTopic: data.topic }),
        datapointsToAlarm: 1,
        evaluationPeriods: 1,
      },
      dashboardFactory: new DefaultDashboardFactory(this, 'Dashboards', {
        dashboardNamePrefix: deployment.name,
        createSummaryDashboard: false,
        createAlarmDashboard: false,
      }),
    });
    const naming = namingOf(deployment);
    monitorRuns(this.facade, naming, {
      deployment,
      stateMachine,
      scheduleDeadLetters: retraining.schedule.deadLetters,
      removeIdleEndpoints: environment.janitor.removeIdleEndpoints,
      expireRuns: data.expiry.expireRuns,
      forgetUsers: data.forgetting.forgetUsers,
      publishRunStatus: retraining.status.publishRunStatus,
    });
    const janitor = environment.janitor.removeIdleEndpoints;
    monitorIngestion(this.facade, naming, deployment, data.ingestion, janitor);
    monitorServing(this.facade, naming, deployment, serving, janitor);
    const limit = deployment.config.operations.monthlyBudgetUsd;
    if (limit !== null) {
      this.budget = new MonthlyBudget(this, 'Budget', { deployment, topic: data.topic, limit });
    }
  }
}
