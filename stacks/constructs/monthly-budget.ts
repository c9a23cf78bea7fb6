import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';

export interface MonthlyBudgetProps {
  readonly deployment: Deployment;
  readonly topic: Topic;
  /** USD a month. */
  readonly limit: number;
}

/**
 * The outer net under `maxUsdPerRun`: AWS's own count of what this deployment costs, by its tag, which has to be
 * activated once as a cost allocation tag (docs/deploy.md). One tag, because Budgets joins several with "or".
 */
export class MonthlyBudget extends Construct {
  readonly budget: CfnBudget;

  constructor(scope: Construct, id: string, props: MonthlyBudgetProps) {
    super(scope, id);
    const { deployment, topic, limit } = props;
    const subscribers = [{ subscriptionType: 'SNS', address: topic.topicArn }];
    this.budget = new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: deployment.name,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: limit, unit: 'USD' },
        costFilters: { TagKeyValue: [`user:deployment$${deployment.name}`] },
      },
      notificationsWithSubscribers: [
        { notification: threshold('ACTUAL', 80), subscribers },
        { notification: threshold('FORECASTED', 100), subscribers },
      ],
    });
  }
}

const threshold = (notificationType: 'ACTUAL' | 'FORECASTED', percent: number) => ({
  notificationType,
  comparisonOperator: 'GREATER_THAN',
  threshold: percent,
  thresholdType: 'PERCENTAGE',
});
