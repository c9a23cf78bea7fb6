import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { deletions } from '#lib/contracts/keys.ts';
import { functionAccess } from '../access.ts';
import type { Deployment } from '../deployment.ts';
import { PipelineFunction } from './pipeline-function.ts';

export interface ForgettingProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
}

/**
 * An object below `deletions/requests/` -> EventBridge -> `forget-users`. A request may have to wait for the end of a run, and a
 * large bucket takes more than one attempt, so the function looks again every quarter of an hour.
 */
export class Forgetting extends Construct {
  readonly forgetUsers: PipelineFunction;
  readonly requested: Rule;
  readonly again: Rule;

  constructor(scope: Construct, id: string, props: ForgettingProps) {
    super(scope, id);
    const { deployment, bucket } = props;
    this.forgetUsers = new PipelineFunction(this, 'ForgetUsers', {
      deployment,
      name: 'forget-users',
      objects: { bucket, access: functionAccess['forget-users'] },
      // Objects with rows are read whole; a new account allows no more.
      memorySize: 3008,
      timeout: Duration.minutes(15),
    });
    const target = (reason: string) =>
      new LambdaFunction(this.forgetUsers.function, {
        event: RuleTargetInput.fromObject({ reason }),
        // The next look is the next attempt.
        retryAttempts: 0,
      });
    this.requested = new Rule(this, 'Requested', {
      description: 'Somebody asks for users to be forgotten',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [bucket.bucketName] },
          object: { key: [{ prefix: deletions.requestsPrefix }] },
        },
      },
      targets: [target('request')],
    });
    this.again = new Rule(this, 'Again', {
      description: 'Looks for users who are still to be forgotten',
      schedule: Schedule.rate(Duration.minutes(15)),
      targets: [target('schedule')],
    });
  }
}
