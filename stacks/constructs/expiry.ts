import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { functionAccess } from '../access.ts';
import type { Deployment } from '../deployment.ts';
import { PipelineFunction } from './pipeline-function.ts';

export interface ExpiryProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
}

/**
 * Deletes what old runs left, every day. S3's lifecycle rules cannot: they know prefixes and ages, but not which model
 * is the champion.
 */
export class Expiry extends Construct {
  readonly expireRuns: PipelineFunction;
  readonly daily: Rule;

  constructor(scope: Construct, id: string, props: ExpiryProps) {
    super(scope, id);
    const { deployment, bucket } = props;
    const { retention, serving } = deployment.config.operations;
    const { runDays, champions } = retention;
    this.expireRuns = new PipelineFunction(this, 'ExpireRuns', {
      deployment,
      name: 'expire-runs',
      objects: { bucket, access: functionAccess['expire-runs'] },
      timeout: Duration.minutes(15),
      environment: {
        RUN_DAYS: String(runDays),
        CHAMPIONS: String(champions),
        ...(serving.variants !== null && {
          CHALLENGER: JSON.stringify(serving.variants.challenger),
        }),
      },
    });
    this.daily = new Rule(this, 'Daily', {
      description: 'Deletes what old runs left',
      schedule: Schedule.rate(Duration.days(1)),
      targets: [
        new LambdaFunction(this.expireRuns.function, {
          event: RuleTargetInput.fromObject({}),
          retryAttempts: 2,
        }),
      ],
    });
  }
}
