import { Stack } from 'aws-cdk-lib';
import { type IRepository, Repository } from 'aws-cdk-lib/aws-ecr';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ConfigError } from '#lib/contracts/errors.ts';

export interface GivenImageProps {
  /** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>`, or `@sha256:...` instead of the tag. */
  readonly uri: string;
}

const pattern =
  /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?\/(?<name>[a-z0-9._/-]+)(?::[\w.-]+|@sha256:[0-9a-f]{64})$/;

/** An image that somebody else builds and keeps in ECR. */
export class GivenImage extends Construct {
  readonly repository: IRepository;
  readonly uri: string;

  constructor(scope: Construct, id: string, props: GivenImageProps) {
    super(scope, id);
    const groups = pattern.exec(props.uri)?.groups;
    if (groups === undefined) {
      throw new ConfigError(
        `${props.uri} is not the URI of an image in ECR with a tag or digest, which is all that SageMaker runs.`,
      );
    }
    this.uri = props.uri;
    this.repository = Repository.fromRepositoryAttributes(this, 'Repository', {
      repositoryName: groups.name!,
      repositoryArn: `arn:${Stack.of(this).partition}:ecr:${groups.region}:${groups.account}:repository/${groups.name}`,
    });
  }

  /** Lets a role run this image; a repository of another account has to allow it, too. */
  grantPull(role: IRole): void {
    this.repository.grantPull(role);
  }
}
