import { fileURLToPath } from 'node:url';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, FunctionUrlAuthType, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { buildTensorflowLayer } from '../../layers/tensorflow/layer.ts';
import { functionAccess } from '../access.ts';
import { BatchRecommendations } from '../constructs/batch-recommendations.ts';
import { GradualRelease } from '../constructs/gradual-release.ts';
import { ImpressionStream } from '../constructs/impression-stream.ts';
import { PipelineFunction } from '../constructs/pipeline-function.ts';
import { ServingApi } from '../constructs/serving-api.ts';
import type { Deployment } from '../deployment.ts';

export interface ServingStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly bucket: Bucket;
  /** Where runs are announced. */
  readonly bus: EventBus;
  /** Where alarms go. */
  readonly topic: ITopic;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Recommendations of the champion, one at a time and for everybody. */
export class ServingStack extends Stack {
  readonly tensorflow: LayerVersion;
  readonly recommend: PipelineFunction;
  /** Where callers find `recommend`. */
  readonly release: GradualRelease;
  readonly batch: BatchRecommendations;
  /** Only with `operations.serving.impressions`. */
  readonly impressions: ImpressionStream | undefined;
  /** Only with `operations.serving.door` `api-gateway`. */
  readonly api: ServingApi | undefined;

  constructor(scope: Construct, id: string, props: ServingStackProps) {
    super(scope, id, props);
    const { deployment, bucket, bus, topic } = props;
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
    const { impressions, variants } = deployment.config.operations.serving;
    if (variants !== null) {
      this.recommend.function.addEnvironment('VARIANTS', JSON.stringify(variants));
    }
    if (impressions !== null) {
      this.impressions = new ImpressionStream(this, 'Impressions', { deployment, bucket });
      this.#keepAnswers(this.impressions);
    }
    this.batch = new BatchRecommendations(this, 'Batch', {
      deployment,
      bucket,
      bus,
      layer: this.tensorflow,
    });
    this.release = new GradualRelease(this, 'Release', {
      deployment,
      name: 'recommend',
      released: this.recommend,
      topic,
      provisionedConcurrency: deployment.config.operations.serving.provisionedConcurrency,
    });
    const { alias } = this.release;
    if (deployment.config.operations.serving.door === 'api-gateway') {
      this.api = new ServingApi(this, 'Door', { deployment, recommend: alias });
    }
    const url =
      this.api === undefined
        ? alias.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM }).url
        : `${this.api.stage.url}recommend`;
    new CfnOutput(this, 'RecommendFunctionName', { value: alias.functionName });
    new CfnOutput(this, 'RecommendFunctionUrl', { value: url });
  }

  #keepAnswers({ stream }: ImpressionStream): void {
    this.recommend.function.addEnvironment('IMPRESSION_STREAM', stream.ref);
    this.recommend.role.addToPolicy(
      new PolicyStatement({ actions: ['firehose:PutRecord'], resources: [stream.attrArn] }),
    );
  }
}
