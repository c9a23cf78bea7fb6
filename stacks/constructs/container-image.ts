import { type CustomResource, Duration, IgnoreMode, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnProject } from 'aws-cdk-lib/aws-codebuild';
import { Repository, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { type Deployment, isDisposable, logRetention } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import type { ImageBuilder } from './image-builder.ts';

export interface ContainerImageProps {
  readonly deployment: Deployment;
  /** The repository's name, after the deployment's, for example `lea-environment`. */
  readonly name: string;
  readonly builder: ImageBuilder;
  /** Absolute path of the folder that the image is built from. */
  readonly folder: string;
  /** The Dockerfile, relative to `folder`. */
  readonly dockerfile: string;
  /**
   * What of the folder is not needed, in the notation of `.gitignore`.
   * @default - everything is
   */
  readonly exclude?: string[];
}

const buildMinutes = 50;

/**
 * A container image, built in the cloud when (and only when) its sources have changed; nobody needs Docker.
 *
 * The image's tag is the hash of its sources. `build-image` starts the CodeBuild project, and CloudFormation waits
 * until the build has ended.
 */
export class ContainerImage extends Construct {
  readonly repository: Repository;
  readonly project: CfnProject;
  readonly build: CustomResource;
  readonly uri: string;

  constructor(scope: Construct, id: string, props: ContainerImageProps) {
    super(scope, id);
    const { deployment, name, builder } = props;
    const source = new Asset(this, 'Source', {
      path: props.folder,
      exclude: props.exclude ?? [],
      ignoreMode: IgnoreMode.GIT,
    });
    this.repository = new Repository(this, 'Repository', {
      repositoryName: `${deployment.name}/${name}`,
      imageScanOnPush: true,
      imageTagMutability: TagMutability.IMMUTABLE,
      lifecycleRules: [{ maxImageCount: 5, tagStatus: TagStatus.ANY }],
      // Images are built anew from their sources; nothing is lost with them.
      removalPolicy: RemovalPolicy.DESTROY,
      emptyOnDelete: isDisposable(deployment),
    });
    this.project = buildProject(this, props, source, this.repository);
    this.uri = `${registryOf(this)}/${this.repository.repositoryName}:${source.assetHash}`;
    this.build = builder.build(this, this.project, this.uri);
  }

  /** Lets a role run this image. */
  grantPull(role: IRole): void {
    this.repository.grantPull(role);
  }
}

/** The account's own registry. */
function registryOf(scope: Construct): string {
  const { account, region, urlSuffix } = Stack.of(scope);
  return `${account}.dkr.ecr.${region}.${urlSuffix}`;
}

function buildProject(
  scope: Construct,
  { deployment, name, dockerfile }: ContainerImageProps,
  source: Asset,
  repository: Repository,
): CfnProject {
  const projectName = `${deployment.name}-${name}`;
  const logGroup = new LogGroup(scope, 'Logs', {
    logGroupName: `/aws/codebuild/${projectName}`,
    retention: logRetention(deployment),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('codebuild.amazonaws.com'),
  });
  role.addToPolicy(
    new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  );
  role.addToPolicy(
    new PolicyStatement({
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: [source.bucket.arnForObjects(source.s3ObjectKey)],
    }),
  );
  repository.grantPullPush(role);
  role.addToPolicy(
    new PolicyStatement({
      actions: ['ecr:DescribeImages'],
      resources: [repository.repositoryArn],
    }),
  );
  acknowledge(
    role,
    'ecr:GetAuthorizationToken takes no resource.',
    'AwsSolutions-IAM5[Resource::*]',
  );
  const project = new CfnProject(scope, 'Project', {
    name: projectName,
    description: `Builds the image ${name} from its sources`,
    serviceRole: role.roleArn,
    artifacts: { type: 'NO_ARTIFACTS' },
    environment: {
      type: 'LINUX_CONTAINER',
      computeType: 'BUILD_GENERAL1_LARGE',
      image: 'aws/codebuild/standard:7.0',
      privilegedMode: true,
      environmentVariables: [
        { name: 'DOCKERFILE', value: dockerfile },
        { name: 'REPOSITORY', value: repository.repositoryName },
        { name: 'REGISTRY', value: registryOf(scope) },
      ],
    },
    source: {
      type: 'S3',
      location: `${source.s3BucketName}/${source.s3ObjectKey}`,
      buildSpec: JSON.stringify(buildSpecification),
    },
    logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: logGroup.logGroupName } },
    timeoutInMinutes: buildMinutes,
    queuedTimeoutInMinutes: Duration.hours(1).toMinutes() - buildMinutes - 5,
  });
  acknowledge(
    project,
    'Building a container image needs the Docker daemon; the project builds our own sources only.',
    'AwsSolutions-CB3',
  );
  acknowledge(
    project,
    'The project stores no artefacts; its source is encrypted by the bucket of CDK’s assets.',
    'AwsSolutions-CB4',
  );
  return project;
}

/** `IMAGE_URI` comes with each build. An image that is there already is not built again. */
const buildSpecification = {
  version: '0.2',
  phases: {
    build: {
      commands: [
        [
          'if aws ecr describe-images --repository-name "$REPOSITORY" --image-ids "imageTag=$(echo $IMAGE_URI | cut -d: -f2)" >/dev/null 2>&1;',
          'then echo "$IMAGE_URI exists";',
          'else aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"',
          '&& docker build --file "$DOCKERFILE" --tag "$IMAGE_URI" .',
          '&& docker push "$IMAGE_URI"; fi',
        ].join(' '),
      ],
    },
  },
};
