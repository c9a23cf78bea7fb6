import { CustomResource, Duration } from 'aws-cdk-lib';
import type { CfnProject } from 'aws-cdk-lib/aws-codebuild';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { PipelineFunction } from './pipeline-function.ts';

export interface ImageBuilderProps {
  readonly deployment: Deployment;
}

/**
 * Starts image builds for CloudFormation and tells it how they ended.
 *
 * One small function does both: CloudFormation calls it to start a build, EventBridge when the build has ended. No
 * function waits meanwhile.
 */
export class ImageBuilder extends Construct {
  readonly buildImage: PipelineFunction;
  /** The image that was asked for last. */
  #last: CustomResource | undefined;

  constructor(scope: Construct, id: string, props: ImageBuilderProps) {
    super(scope, id);
    this.buildImage = new PipelineFunction(this, 'BuildImage', {
      deployment: props.deployment,
      name: 'build-image',
      memorySize: 256,
    });
  }

  /**
   * Has a project build an image during a deployment; ready when the image is there. One is built after the other: a new
   * account may have a quota of a single build at a time.
   */
  build(
    scope: Construct,
    project: CfnProject,
    imageUri: string,
  ): { readonly ended: Rule; readonly image: CustomResource } {
    this.buildImage.role.addToPolicy(
      new PolicyStatement({
        actions: ['codebuild:StartBuild', 'codebuild:BatchGetBuilds'],
        resources: [project.attrArn],
      }),
    );
    const ended = new Rule(scope, 'BuildEnded', {
      description: 'An image build has ended; CloudFormation waits for it',
      eventPattern: {
        source: ['aws.codebuild'],
        detailType: ['CodeBuild Build State Change'],
        detail: {
          'project-name': [project.ref],
          'build-status': ['SUCCEEDED', 'FAILED', 'FAULT', 'STOPPED', 'TIMED_OUT'],
        },
      },
      targets: [
        new LambdaFunction(this.buildImage.function, {
          retryAttempts: 5,
          maxEventAge: Duration.minutes(30),
        }),
      ],
    });
    const image = new CustomResource(scope, 'Image', {
      serviceToken: this.buildImage.function.functionArn,
      resourceType: 'Custom::ContainerImage',
      properties: { ProjectName: project.ref, ImageUri: imageUri },
      serviceTimeout: Duration.hours(1),
    });
    // The function may start builds, and hears of their end, before the first one is asked for.
    image.node.addDependency(ended, this.buildImage.role);
    if (this.#last !== undefined) image.node.addDependency(this.#last);
    this.#last = image;
    return { ended, image };
  }
}
