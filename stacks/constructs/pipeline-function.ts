import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type Deployment, pipelinePath, serviceOfAccount } from '../deployment.ts';
import { createLogGroup } from './log-group.ts';
import { joinNetwork } from './network.ts';
import { grantObjects, type ObjectAccess } from './object-access.ts';

export interface PipelineFunctionProps {
  readonly deployment: Deployment;
  /** Folder below `functions/`; also the function's name, after the deployment's. */
  readonly name: string;
  /**
   * The data bucket, whose name the function finds in `BUCKET`, and the keys that it may touch.
   * @default - the function touches no objects
   */
  readonly objects?: { readonly bucket: Bucket; readonly access: ObjectAccess };
  /**
   * Memory in MB; 1,769 MB is one whole processor.
   * @default 512
   */
  readonly memorySize?: number;
  /** @default Duration.minutes(1) */
  readonly timeout?: Duration;
  /**
   * Further environment variables.
   * @default - `BUCKET` and what Powertools reads
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A Lambda function with a role and a log group of its own. */
export class PipelineFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: PipelineFunctionProps) {
    super(scope, id);
    const { deployment, name } = props;
    const functionName = `${deployment.name}-${name}`;
    this.logGroup = createLogGroup(this, 'Logs', deployment, `/aws/lambda/${functionName}`);
    this.role = new Role(this, 'Role', {
      assumedBy: serviceOfAccount('lambda.amazonaws.com'),
      path: pipelinePath(deployment),
      description: `What ${functionName} may do`,
    });
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    if (props.objects !== undefined) {
      grantObjects(deployment, props.objects.bucket, this.role, props.objects.access);
    }
    this.function = new LambdaFunction(this, 'Function', {
      functionName,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: deployment.bundles(name),
      handler: 'handler.handler',
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      memorySize: props.memorySize ?? 512,
      timeout: props.timeout ?? Duration.minutes(1),
      // Somebody may still be calling a version that is no longer the newest.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      environment: {
        ...(props.objects === undefined ? {} : { BUCKET: props.objects.bucket.bucketName }),
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: name,
        POWERTOOLS_METRICS_NAMESPACE: deployment.name,
        ...props.environment,
      },
    });
    joinNetwork(this.function, this.role, deployment);
  }
}
