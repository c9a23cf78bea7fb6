import * as z from 'zod';
import { SageMakerError } from './errors.ts';

/** Names of jobs, models and endpoints: at most 63 letters, digits and inner dashes. */
const name = z
  .string()
  .regex(
    /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/,
    'must be at most 63 letters, digits and inner dashes',
  );
const s3Uri = z.string().regex(/^s3:\/\/[^/]+\/?.*$/, 'must be an s3:// URI');
const tags = z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional();
const vpcConfig = z
  .strictObject({ SecurityGroupIds: z.array(z.string()), Subnets: z.array(z.string()) })
  .optional();
const environment = z.record(z.string().max(512), z.string().max(512)).default({});

const channel = z.strictObject({
  ChannelName: z.string().regex(/^[A-Za-z0-9.\-_]{1,64}$/),
  DataSource: z.strictObject({
    S3DataSource: z.strictObject({
      S3DataType: z.literal('S3Prefix', 'must be S3Prefix here'),
      S3Uri: s3Uri,
      // One machine: replicated and sharded are the same.
      S3DataDistributionType: z.enum(['FullyReplicated', 'ShardedByS3Key']).optional(),
    }),
  }),
  ContentType: z.string().optional(),
  CompressionType: z.literal('None', 'must be None here').optional(),
  RecordWrapperType: z.literal('None', 'must be None here').optional(),
  InputMode: z.enum(['File', 'FastFile'], 'must be File or FastFile here').optional(),
});

/** https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html */
export const createTrainingJobRequest = z
  .strictObject({
    TrainingJobName: name,
    AlgorithmSpecification: z.strictObject({
      TrainingImage: z.string().min(1).max(255),
      TrainingInputMode: z.enum(['File', 'FastFile'], 'must be File or FastFile here'),
      MetricDefinitions: z
        .array(z.strictObject({ Name: z.string().min(1).max(255), Regex: z.string().max(500) }))
        .max(40)
        .default([]),
      EnableSageMakerMetricsTimeSeries: z.boolean().optional(),
    }),
    RoleArn: z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/),
    HyperParameters: z
      .record(z.string().max(256), z.string('must be text').max(2500))
      .refine((values) => Object.keys(values).length <= 100, 'must have at most 100 entries')
      .default({}),
    InputDataConfig: z.array(channel).max(20).default([]),
    OutputDataConfig: z.strictObject({
      S3OutputPath: s3Uri,
      CompressionType: z.literal(
        'NONE',
        'must be NONE here: models are stored as plain files, not as model.tar.gz (GZIP, the default)',
      ),
      KmsKeyId: z.string().optional(),
    }),
    ResourceConfig: z.strictObject({
      InstanceType: z.string().regex(/^ml\./),
      InstanceCount: z.literal(1, 'must be 1 here'),
      VolumeSizeInGB: z.int().min(1),
      VolumeKmsKeyId: z.string().optional(),
    }),
    StoppingCondition: z.strictObject({
      MaxRuntimeInSeconds: z.int().min(1).default(86_400),
      MaxWaitTimeInSeconds: z.int().min(1).optional(),
      MaxPendingTimeInSeconds: z.int().min(7200).optional(),
    }),
    CheckpointConfig: z
      .strictObject({
        S3Uri: s3Uri,
        LocalPath: z.literal('/opt/ml/checkpoints', 'must be left out here').optional(),
      })
      .optional(),
    EnableManagedSpotTraining: z.boolean().default(false),
    EnableNetworkIsolation: z.boolean().optional(),
    EnableInterContainerTrafficEncryption: z.boolean().optional(),
    Environment: environment,
    RetryStrategy: z.strictObject({ MaximumRetryAttempts: z.int().min(1).max(30) }).optional(),
    Tags: tags,
    VpcConfig: vpcConfig,
  })
  .superRefine((request, context) => {
    const { MaxRuntimeInSeconds, MaxWaitTimeInSeconds } = request.StoppingCondition;
    const path = ['StoppingCondition', 'MaxWaitTimeInSeconds'];
    const wrong = request.EnableManagedSpotTraining
      ? MaxWaitTimeInSeconds === undefined || MaxWaitTimeInSeconds < MaxRuntimeInSeconds
      : MaxWaitTimeInSeconds !== undefined;
    if (!wrong) return;
    const message = request.EnableManagedSpotTraining
      ? 'must be at least MaxRuntimeInSeconds for managed spot training'
      : 'may be given for managed spot training only';
    context.addIssue({ code: 'custom', path, message });
  });

export type CreateTrainingJobRequest = z.infer<typeof createTrainingJobRequest>;

export const createModelRequest = z.strictObject({
  ModelName: name,
  ExecutionRoleArn: z.string(),
  PrimaryContainer: z.strictObject({
    Image: z.string().min(1),
    ModelDataSource: z.strictObject({
      S3DataSource: z.strictObject({
        S3Uri: s3Uri.refine((uri) => uri.endsWith('/'), 'must end with / for S3DataType S3Prefix'),
        S3DataType: z.literal('S3Prefix', 'must be S3Prefix here'),
        CompressionType: z.literal('None', 'must be None here'),
      }),
    }),
    Environment: environment,
    ContainerHostname: z.string().optional(),
  }),
  EnableNetworkIsolation: z.boolean().optional(),
  Tags: tags,
  VpcConfig: vpcConfig,
});

export type CreateModelRequest = z.infer<typeof createModelRequest>;

export const createEndpointConfigRequest = z.strictObject({
  EndpointConfigName: name,
  ProductionVariants: z
    .array(
      z.strictObject({
        VariantName: name,
        ModelName: name,
        InitialInstanceCount: z.int().min(1),
        InstanceType: z.string().regex(/^ml\./),
        InitialVariantWeight: z.number().optional(),
        VolumeSizeInGB: z.int().optional(),
        ModelDataDownloadTimeoutInSeconds: z.int().min(60).max(3600).optional(),
        ContainerStartupHealthCheckTimeoutInSeconds: z.int().min(60).max(3600).default(240),
        InferenceAmiVersion: z.string().optional(),
      }),
    )
    .length(1, 'must have exactly one variant here'),
  KmsKeyId: z.string().optional(),
  EnableNetworkIsolation: z.boolean().optional(),
  Tags: tags,
});

export type CreateEndpointConfigRequest = z.infer<typeof createEndpointConfigRequest>;

export const createEndpointRequest = z.strictObject({
  EndpointName: name,
  EndpointConfigName: name,
  Tags: tags,
});

export const endpointName = z.strictObject({ EndpointName: name });
export const endpointConfigName = z.strictObject({ EndpointConfigName: name });
export const modelName = z.strictObject({ ModelName: name });
export const trainingJobName = z.strictObject({ TrainingJobName: name });

/** ISO 8601 or Unix milliseconds. */
const time = z.union([z.string(), z.number()]).transform((value) => new Date(value).getTime());

/** What ListEndpoints, ListEndpointConfigs, ListModels and ListTrainingJobs have in common. */
export const listRequest = z.strictObject({
  NameContains: z.string().default(''),
  StatusEquals: z.string().optional(),
  CreationTimeBefore: time.default(Number.POSITIVE_INFINITY),
  CreationTimeAfter: time.default(Number.NEGATIVE_INFINITY),
  SortBy: z.enum(['Name', 'CreationTime', 'Status']).default('CreationTime'),
  SortOrder: z.enum(['Ascending', 'Descending']).default('Descending'),
  MaxResults: z.int().min(1).max(100).default(10),
  NextToken: z.string().nullish(),
});

/**
 * Checks the arguments of a call.
 *
 * @throws SageMakerError `UnknownField` for keys that are not known, `ValidationException` for values
 */
export function parseRequest<Schema extends z.ZodType>(
  schema: Schema,
  action: string,
  args: unknown,
): z.infer<Schema> {
  const result = schema.safeParse(args);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => {
    const at = issue.path.map(String).join('.');
    if (issue.code !== 'unrecognized_keys')
      return [`${at === '' ? 'the request' : at} ${issue.message}`];
    return issue.keys.map(
      (key) => `the field ${at === '' ? key : `${at}.${key}`} is not supported`,
    );
  });
  const unknown = result.error.issues.some((issue) => issue.code === 'unrecognized_keys');
  throw new SageMakerError(
    unknown ? 'UnknownField' : 'ValidationException',
    `${action}: ${problems.join('; ')}`,
  );
}
