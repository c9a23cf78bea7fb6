import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type CfnTopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { keyArnOf } from './encryption-key.ts';

export interface NotificationTopicProps {
  readonly deployment: Deployment;
}

/** Where runs, alarms and the budget report to people. */
export class NotificationTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: NotificationTopicProps) {
    super(scope, id);
    const { name, config } = props.deployment;
    this.topic = new Topic(this, 'Topic', {
      topicName: `${name}-notifications`,
      displayName: name,
      enforceSSL: true,
    });
    // Set directly: the construct would let whoever may publish use the key, by a reference from stack to stack.
    const keyArn = keyArnOf(this, props.deployment);
    if (keyArn !== undefined) (this.topic.node.defaultChild as CfnTopic).kmsMasterKeyId = keyArn;
    // A topic with a policy of its own no longer lets the account's services in by default.
    for (const service of ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com']) {
      this.topic.addToResourcePolicy(
        new PolicyStatement({
          actions: ['sns:Publish'],
          principals: [new ServicePrincipal(service)],
          resources: [this.topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
        }),
      );
    }
    for (const address of config.operations.notificationEmails) {
      this.topic.addSubscription(new EmailSubscription(address));
    }
  }
}
