import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import {
  LambdaApplication,
  LambdaDeploymentConfig,
  LambdaDeploymentGroup,
} from 'aws-cdk-lib/aws-codedeploy';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Alias, type IVersion } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { namingOf } from '../alarms.ts';
import { type Deployment, serviceOfAccount } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import type { PipelineFunction } from './pipeline-function.ts';

export interface GradualReleaseProps {
  readonly deployment: Deployment;
  /** The function's name, without the deployment's. */
  readonly name: string;
  readonly released: PipelineFunction;
  /** Who is told that a version was taken back. */
  readonly topic: ITopic;
  /** Instances kept warm; 0 keeps none. */
  readonly provisionedConcurrency: number;
}

/** Whoever calls a function that is released gradually calls this alias of it. */
const liveAlias = 'live';

/**
 * A function behind an alias. A new version gets a tenth of the calls for five minutes, then all of them; if one of its
 * alarms rings meanwhile, all go to the version before, and the deployment fails and is rolled back.
 *
 * The alarms look at the new version alone: one before it that fails does not keep its successor from being released.
 * CloudWatch tells versions apart only while an alias has two
 * (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
 */
export class GradualRelease extends Construct {
  readonly alias: Alias;
  /** The new version fails, or cannot serve the champion. */
  readonly failing: Alarm;
  readonly refusing: Alarm;
  readonly role: Role;
  readonly application: LambdaApplication;
  readonly group: LambdaDeploymentGroup;

  constructor(scope: Construct, id: string, props: GradualReleaseProps) {
    super(scope, id);
    const { deployment, name, released, provisionedConcurrency } = props;
    const version = released.function.currentVersion as IVersion;
    this.alias = new Alias(this, 'Alias', {
      aliasName: liveAlias,
      version,
      ...(provisionedConcurrency > 0 && {
        provisionedConcurrentExecutions: provisionedConcurrency,
      }),
    });
    const { functionName } = released.function;
    const metric = (options: ConstructorParameters<typeof Metric>[0]) =>
      new Metric({ period: Duration.minutes(1), ...options });
    this.failing = this.#alarm(props, 'release-failing', {
      // Lambda reports 0 or 1 for each call: the mean is a share.
      metric: metric({
        namespace: 'AWS/Lambda',
        metricName: 'Errors',
        statistic: 'Average',
        dimensionsMap: {
          FunctionName: functionName,
          Resource: `${functionName}:${liveAlias}`,
          ExecutedVersion: version.version,
        },
      }),
      threshold: 0.01,
    });
    this.refusing = this.#alarm(props, 'release-refusing', {
      metric: metric({
        namespace: deployment.name,
        metricName: 'ChampionRefused',
        statistic: 'Sum',
        dimensionsMap: { service: name, version: version.version },
      }),
      threshold: 0,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: serviceOfAccount('codedeploy.amazonaws.com'),
      description: `Releases ${deployment.name}-${name}`,
    });
    acknowledge(
      this.role,
      'AWS’s own policy for exactly this: to look at alarms and to move an alias.',
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
    );
    const full = `${deployment.name}-${name}`;
    this.application = new LambdaApplication(this, 'Application', { applicationName: full });
    this.group = new LambdaDeploymentGroup(this, 'Group', {
      application: this.application,
      deploymentGroupName: full,
      alias: this.alias,
      deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
      alarms: [this.failing, this.refusing],
      autoRollback: { deploymentInAlarm: true, failedDeployment: true, stoppedDeployment: true },
      role: this.role,
    });
  }

  #alarm(
    { deployment, topic }: GradualReleaseProps,
    name: 'release-failing' | 'release-refusing',
    watched: { readonly metric: Metric; readonly threshold: number },
  ): Alarm {
    const { alarmNameOverride, alarmDescriptionOverride } = namingOf(deployment)(name);
    const alarm = new Alarm(this, name, {
      ...watched,
      alarmName: alarmNameOverride,
      alarmDescription: alarmDescriptionOverride,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      actionsEnabled: true,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    const tell = new SnsAction(topic);
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
    return alarm;
  }
}
