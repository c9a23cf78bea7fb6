import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Records why findings of `cdk-nag` are as they should be.
 *
 * @param scope the construct (and all below it) that the findings are about
 * @param reason one sentence
 * @param ids the findings' ids, for example `AwsSolutions-IAM5[Resource::*]`
 */
export function acknowledge(scope: IConstruct, reason: string, ...ids: string[]): void {
  Validations.of(scope).acknowledge(...ids.map((id) => ({ id, reason })));
}
