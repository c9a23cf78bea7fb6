import { fileURLToPath } from 'node:url';
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { containerAccess } from '../access.ts';
import { ContainerImage } from '../constructs/container-image.ts';
import { EndpointJanitor } from '../constructs/endpoint-janitor.ts';
import { GivenImage } from '../constructs/given-image.ts';
import { ImageBuilder } from '../constructs/image-builder.ts';
import type { ImageSource } from '../constructs/image-project.ts';
import { SageMakerRole } from '../constructs/sagemaker-role.ts';
import { type Deployment, stateMachineName } from '../deployment.ts';

export interface EnvironmentStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What runs in SageMaker: the images of the LLM environment and of the trainer, and what each may do. There is no
 * endpoint here: a run creates one, and removes it.
 */
export class EnvironmentStack extends Stack {
  readonly environmentImage: ContainerImage | GivenImage;
  readonly trainerImage: ContainerImage | GivenImage;
  readonly environmentRole: SageMakerRole;
  readonly trainerRole: SageMakerRole;
  readonly janitor: EndpointJanitor;
  /** Only when an image is built here. */
  readonly imageBuilder: ImageBuilder | undefined;

  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { deployment, bucket } = props;
    const { images } = deployment;
    if (images.environment === undefined || images.trainer === undefined) {
      this.imageBuilder = new ImageBuilder(this, 'ImageBuilder', { deployment });
    }
    const image = (imageId: string, uri: string | undefined, source: ImageSource) =>
      uri === undefined
        ? new ContainerImage(this, imageId, { deployment, builder: this.imageBuilder!, source })
        : new GivenImage(this, imageId, { uri });
    this.environmentImage = image('EnvironmentImage', images.environment, environmentSource);
    this.trainerImage = image('TrainerImage', images.trainer, trainerSource);
    this.environmentRole = new SageMakerRole(this, 'EnvironmentRole', {
      deployment,
      bucket,
      access: containerAccess.environment,
    });
    this.trainerRole = new SageMakerRole(this, 'TrainerRole', {
      deployment,
      bucket,
      access: containerAccess.trainer,
    });
    this.environmentImage.grantPull(this.environmentRole.role);
    this.trainerImage.grantPull(this.trainerRole.role);
    this.janitor = new EndpointJanitor(this, 'EndpointJanitor', {
      deployment,
      bucket,
      stateMachineName: stateMachineName(deployment),
    });
  }
}

/** What CodeBuild needs of `setup/` for any image: the build itself, and the audit that comes before it. */
const buildScripts = [
  '!/setup',
  '/setup/*',
  '!/setup/build-image.sh',
  '!/setup/audit.mjs',
  '!/setup/audit',
  '!/setup/accepted-vulnerabilities.json',
  '!/setup/requirements-audit.txt',
  '!/setup/paths.mjs',
  '!/setup/run.mjs',
];

const environmentSource: ImageSource = {
  name: 'lea-environment',
  folder: root,
  dockerfile: 'containers/environment/Dockerfile',
  audit: 'python',
  exclude: [
    '/*',
    ...buildScripts,
    '!/containers',
    '/containers/*',
    '!/containers/environment',
    '/containers/environment/*',
    '!/containers/environment/Dockerfile',
    '!/containers/environment/requirements.lock',
    '!/containers/environment/environment',
    '__pycache__',
  ],
};

/** The trainer shares `lib/` with the functions. */
const trainerSource: ImageSource = {
  name: 'lea-trainer',
  folder: root,
  dockerfile: 'containers/trainer/Dockerfile',
  audit: 'npm',
  exclude: [
    '/*',
    ...buildScripts,
    '!/setup/node.mjs',
    '!/setup/tensorflow.mjs',
    '!/lib',
    '!/containers',
    '/containers/*',
    '!/containers/trainer',
    '!/package.json',
    '!/package-lock.json',
    '!/.npmrc',
    '!/tsconfig.json',
  ],
};
