import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { type FunctionUrl, FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { functionAccess } from '../access.ts';
import { PipelineFunction } from '../constructs/pipeline-function.ts';
import type { Deployment } from '../deployment.ts';

export interface ServingStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
}

/** Recommendations of the champion, one at a time and for everybody. */
export class ServingStack extends Stack {
  readonly recommend: PipelineFunction;
  readonly url: FunctionUrl;

  constructor(scope: Construct, id: string, props: ServingStackProps) {
    super(scope, id, props);
    const { deployment, bucket } = props;
    this.recommend = new PipelineFunction(this, 'Recommend', {
      deployment,
      name: 'recommend',
      objects: { bucket, access: functionAccess.recommend },
      memorySize: 1024,
      timeout: Duration.seconds(20),
    });
    this.url = this.recommend.function.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    new CfnOutput(this, 'RecommendFunctionName', { value: this.recommend.function.functionName });
    new CfnOutput(this, 'RecommendFunctionUrl', { value: this.url.url });
  }
}
