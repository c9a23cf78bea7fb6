import { fileURLToPath } from 'node:url';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import {
  Alias,
  Architecture,
  Code,
  FunctionUrlAuthType,
  type IVersion,
  type Function as LambdaFunction,
  LayerVersion,
} from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { buildTensorflowLayer } from '../../layers/tensorflow/layer.ts';
import { functionAccess } from '../access.ts';
import { BatchRecommendations } from '../constructs/batch-recommendations.ts';
import { PipelineFunction } from '../constructs/pipeline-function.ts';
import { ServingApi } from '../constructs/serving-api.ts';
import type { Deployment } from '../deployment.ts';

export interface ServingStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
  /** Where runs are announced. */
  readonly bus: EventBus;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Recommendations of the champion, one at a time and for everybody. */
export class ServingStack extends Stack {
  readonly tensorflow: LayerVersion;
  readonly recommend: PipelineFunction;
  readonly batch: BatchRecommendations;
  /** Only with `operations.serving.door` `api-gateway`. */
  readonly api: ServingApi | undefined;

  constructor(scope: Construct, id: string, props: ServingStackProps) {
    super(scope, id, props);
    const { deployment, bucket, bus } = props;
    this.tensorflow = new LayerVersion(this, 'Tensorflow', {
      code: Code.fromAsset(buildTensorflowLayer(root)),
      compatibleArchitectures: [Architecture.ARM_64],
      description: 'WebAssembly kernels of TensorFlow.js',
    });
    this.recommend = new PipelineFunction(this, 'Recommend', {
      deployment,
      name: 'recommend',
      objects: { bucket, access: functionAccess.recommend },
      // More than half a processor: a forward pass is arithmetic.
      memorySize: 1769,
      timeout: Duration.seconds(20),
    });
    this.recommend.function.addLayers(this.tensorflow);
    this.batch = new BatchRecommendations(this, 'Batch', {
      deployment,
      bucket,
      bus,
      layer: this.tensorflow,
    });
    const target = this.#warm(deployment.config.operations.serving.provisionedConcurrency);
    if (deployment.config.operations.serving.door === 'api-gateway') {
      this.api = new ServingApi(this, 'Door', { deployment, recommend: target });
    }
    const url =
      this.api === undefined
        ? target.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM }).url
        : `${this.api.stage.url}recommend`;
    new CfnOutput(this, 'RecommendFunctionName', { value: this.recommend.function.functionName });
    new CfnOutput(this, 'RecommendFunctionUrl', { value: url });
  }

  /** An alias whose instances are kept warm, if any are to be. */
  #warm(provisionedConcurrentExecutions: number): LambdaFunction | Alias {
    if (provisionedConcurrentExecutions === 0) return this.recommend.function;
    return new Alias(this, 'Live', {
      aliasName: 'live',
      version: this.recommend.function.currentVersion as IVersion,
      provisionedConcurrentExecutions,
    });
  }
}
