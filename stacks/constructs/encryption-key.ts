import { Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';

/** The construct's id in the stack that has it. */
const encryptionKeyId = 'EncryptionKey';

const parameterName = ({ name }: Deployment) => `/${name}/encryption-key`;

/**
 * The deployment's own key, only with `operations.customerManagedKey`: of the bucket, the topic, log groups, SageMaker's
 * volumes and what its jobs write.
 *
 * Other stacks read its ARN from a parameter that is always there. An export would vanish with the setting while they still
 * import it, and such an update is refused.
 */
export class EncryptionKey extends Construct {
  readonly key: Key | undefined;
  readonly parameter: StringParameter;

  constructor(scope: Construct, props: { readonly deployment: Deployment }) {
    super(scope, encryptionKeyId);
    const { deployment } = props;
    this.key = deployment.config.operations.customerManagedKey
      ? new Key(this, 'Key', {
          description: `Data of ${deployment.name}`,
          enableKeyRotation: true,
          // What is encrypted with it stays so when the configuration no longer asks for a key.
          removalPolicy: RemovalPolicy.RETAIN,
        })
      : undefined;
    if (this.key !== undefined) letServicesUse(this.key);
    this.parameter = new StringParameter(this, 'Arn', {
      parameterName: parameterName(deployment),
      description: `The key that ${deployment.name} encrypts with, or none`,
      stringValue: this.key?.keyArn ?? 'none',
    });
  }
}

/** What encrypts for itself, not in the name of a role of ours. */
function letServicesUse(key: Key): void {
  const { partition, region, account } = Stack.of(key);
  key.addToResourcePolicy(
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    new PolicyStatement({
      sid: 'LogGroupsOfThisAccount',
      principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
      actions: [
        'kms:Encrypt',
        'kms:Decrypt',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:DescribeKey',
      ],
      resources: ['*'],
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*`,
        },
      },
    }),
  );
  key.addToResourcePolicy(
    // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    new PolicyStatement({
      sid: 'WhoTellsTheTopic',
      principals: ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'].map(
        (service) => new ServicePrincipal(service),
      ),
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  );
}

/** The ARN of the deployment's key for something in any of its stacks; undefined where there is none. */
export function keyArnOf(scope: Construct, deployment: Deployment): string | undefined {
  if (!deployment.config.operations.customerManagedKey) return undefined;
  const own = Stack.of(scope).node.tryFindChild(encryptionKeyId) as EncryptionKey | undefined;
  return (
    own?.key?.keyArn ??
    StringParameter.valueForStringParameter(Stack.of(scope), parameterName(deployment))
  );
}

/**
 * Lets a role use the deployment's keys, whether or not it has one now: what was written with one stays encrypted with it.
 * They are told by their tag, because a stack that imports one could not be updated once the configuration no longer asks for
 * it.
 *
 * @param conditions what `StringEquals` asks for besides
 */
export function allowKeys(
  deployment: Deployment,
  role: IRole,
  actions: readonly string[],
  conditions: Readonly<Record<string, Readonly<Record<string, string>>>>,
): void {
  const { partition, region, account } = Stack.of(role);
  role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: [...actions],
      resources: [`arn:${partition}:kms:${region}:${account}:key/*`],
      conditions: {
        ...conditions,
        StringEquals: {
          'aws:ResourceTag/deployment': deployment.name,
          ...conditions.StringEquals,
        },
      },
    }),
  );
  acknowledge(
    role,
    'Keys have names that AWS gives them; the condition keeps to those of this deployment, and to one use.',
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:key/*]',
  );
}

/**
 * Lets a role have SageMaker encrypt volumes with the deployment's key, which it does by a grant
 * (https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).
 */
export function allowVolumes(deployment: Deployment, role: IRole): void {
  allowKeys(deployment, role, ['kms:CreateGrant'], {
    Bool: { 'kms:GrantIsForAWSResource': 'true' },
  });
  allowKeys(deployment, role, ['kms:DescribeKey'], {});
}
