import { IgnoreMode, Stack } from 'aws-cdk-lib';
import { CfnProject } from 'aws-cdk-lib/aws-codebuild';
import type { Repository } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { type Deployment, serviceOfAccount } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { createLogGroup } from './log-group.ts';

/** What an image is built from. */
export interface ImageSource {
  /** The image's name, after the deployment's, for example `lea-environment`. */
  readonly name: string;
  /** Absolute path of the folder that the image is built from, with `setup/build-image.sh` in it. */
  readonly folder: string;
  /** The Dockerfile, relative to `folder`. */
  readonly dockerfile: string;
  /** Which packages go into the image: those that `npm run audit` calls by this name are looked up before it is built. */
  readonly audit: 'npm' | 'python';
  /**
   * What of the folder is not needed, in the notation of `.gitignore`.
   * @default - everything is
   */
  readonly exclude?: string[];
}

export interface ImageProjectProps {
  readonly deployment: Deployment;
  readonly source: ImageSource;
  /** Where the image goes. */
  readonly repository: Repository;
}

/** More than the steps of `setup/build-image.sh` may take together; each has a limit of its own. */
const buildMinutes = 45;
/** CloudFormation waits for an hour. */
const queueMinutes = 10;

/** The repository of an image, below the deployment's name. */
export const repositoryName = (deployment: Deployment, image: string): string =>
  `${deployment.name}/${image}`;

/** A CodeBuild project that builds one image from its sources and pushes it. */
export class ImageProject extends Construct {
  readonly source: Asset;
  readonly logGroup: LogGroup;
  readonly role: Role;
  readonly project: CfnProject;
  /** The image of these sources: its tag is their hash. */
  readonly uri: string;

  constructor(scope: Construct, id: string, props: ImageProjectProps) {
    super(scope, id);
    const { deployment, repository } = props;
    const { name, folder, dockerfile, audit, exclude = [] } = props.source;
    const projectName = `${deployment.name}-${name}`;
    const { account, region, urlSuffix } = Stack.of(this);
    const registry = `${account}.dkr.ecr.${region}.${urlSuffix}`;
    this.source = new Asset(this, 'Source', {
      path: folder,
      exclude,
      ignoreMode: IgnoreMode.GIT,
    });
    // By its name, not by reference: stacks that run the image need not import what is gone once an image is given.
    this.uri = `${registry}/${repositoryName(deployment, name)}:${this.source.assetHash}`;
    this.logGroup = createLogGroup(this, 'Logs', deployment, `/aws/codebuild/${projectName}`);
    this.role = new Role(this, 'Role', {
      assumedBy: serviceOfAccount('codebuild.amazonaws.com'),
    });
    this.#allow(repository);
    this.project = new CfnProject(this, 'Project', {
      name: projectName,
      description: `Builds the image ${name} from its sources`,
      serviceRole: this.role.roleArn,
      artifacts: { type: 'NO_ARTIFACTS' },
      environment: {
        type: 'LINUX_CONTAINER',
        computeType: 'BUILD_GENERAL1_LARGE',
        image: 'aws/codebuild/standard:7.0',
        privilegedMode: true,
        environmentVariables: [
          { name: 'DOCKERFILE', value: dockerfile },
          { name: 'AUDIT', value: audit },
          { name: 'REPOSITORY', value: repository.repositoryName },
          { name: 'REGISTRY', value: registry },
        ],
      },
      source: {
        type: 'S3',
        location: `${this.source.s3BucketName}/${this.source.s3ObjectKey}`,
        buildSpec: JSON.stringify(buildSpecification),
      },
      logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: this.logGroup.logGroupName } },
      timeoutInMinutes: buildMinutes,
      queuedTimeoutInMinutes: queueMinutes,
    });
    acknowledge(
      this.project,
      'Building a container image needs the Docker daemon; the project builds our own sources only.',
      'AwsSolutions-CB3',
    );
    acknowledge(
      this.project,
      'The project stores no artefacts; its source is encrypted by the bucket of CDK’s assets.',
      'AwsSolutions-CB4',
    );
  }

  #allow(repository: Repository): void {
    const allow = (actions: string[], resource: string) =>
      this.role.addToPolicy(new PolicyStatement({ actions, resources: [resource] }));
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.logGroup.logGroupArn);
    allow(
      ['s3:GetObject', 's3:GetObjectVersion'],
      this.source.bucket.arnForObjects(this.source.s3ObjectKey),
    );
    repository.grantPullPush(this.role);
    allow(['ecr:DescribeImages'], repository.repositoryArn);
    acknowledge(
      this.role,
      'ecr:GetAuthorizationToken takes no resource.',
      'AwsSolutions-IAM5[Resource::*]',
    );
  }
}

/** `IMAGE_URI` comes with each build. */
const buildSpecification = {
  version: '0.2',
  phases: {
    install: { 'runtime-versions': { nodejs: 22, python: '3.11' } },
    build: { commands: ['sh setup/build-image.sh'] },
  },
};
