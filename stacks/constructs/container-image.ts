import { type CustomResource, RemovalPolicy } from 'aws-cdk-lib';
import { Repository, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import type { Rule } from 'aws-cdk-lib/aws-events';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import type { ImageBuilder } from './image-builder.ts';
import { ImageProject, type ImageSource, repositoryName } from './image-project.ts';

export interface ContainerImageProps {
  readonly deployment: Deployment;
  readonly builder: ImageBuilder;
  readonly source: ImageSource;
}

/**
 * A container image, built in the cloud when (and only when) its sources have changed; nobody needs Docker.
 *
 * `build-image` starts the CodeBuild project, and CloudFormation waits until the build has ended.
 */
export class ContainerImage extends Construct {
  readonly repository: Repository;
  readonly project: ImageProject;
  readonly buildEnded: Rule;
  readonly build: CustomResource;
  readonly uri: string;

  constructor(scope: Construct, id: string, props: ContainerImageProps) {
    super(scope, id);
    const { deployment, builder, source } = props;
    this.repository = new Repository(this, 'Repository', {
      repositoryName: repositoryName(deployment, source.name),
      imageScanOnPush: true,
      imageTagMutability: TagMutability.IMMUTABLE,
      lifecycleRules: [{ maxImageCount: 5, tagStatus: TagStatus.ANY }],
      // Images are built anew from their sources; nothing is lost with them.
      removalPolicy: RemovalPolicy.DESTROY,
      emptyOnDelete: true,
    });
    this.project = new ImageProject(this, 'Build', {
      deployment,
      source,
      repository: this.repository,
    });
    this.uri = this.project.uri;
    const building = builder.build(this, this.project.project, this.uri);
    this.buildEnded = building.ended;
    this.build = building.image;
  }

  /** Lets a role run this image. */
  grantPull(role: IRole): void {
    this.repository.grantPull(role);
  }
}
