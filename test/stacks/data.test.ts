import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { synthesise } from './synthesis.ts';

const template = synthesise().template('data');
const disposable = synthesise({ operations: { isDisposable: true } }).template('data');
const production = synthesise({
  context: { environment: 'prod' },
  operations: { customerManagedKey: true, notificationEmails: ['team@example.com'] },
}).template('data');

const resources = (type: string) => Object.values(template.findResources(type));

describe('Stack: data', () => {
  it('keeps its buckets private and talks TLS only', () => {
    for (const bucket of resources('AWS::S3::Bucket')) {
      expect(bucket.Properties.PublicAccessBlockConfiguration).toStrictEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(bucket.Properties.BucketEncryption).toBeDefined();
    }
    for (const policy of resources('AWS::S3::BucketPolicy')) {
      expect(policy.Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({
          Effect: 'Deny',
          Action: 's3:*',
          Principal: { AWS: '*' },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      );
    }
  });

  it('versions the data, and sends its events to EventBridge without a helper function', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      VersioningConfiguration: { Status: 'Enabled' },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    template.resourceCountIs('Custom::S3BucketNotifications', 0);
  });

  it('lets no lifecycle rule touch what a champion or a run may need', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: { Rules: Match.anyValue() },
      VersioningConfiguration: { Status: 'Enabled' },
    });
    const rules = resources('AWS::S3::Bucket').flatMap(
      (bucket) => bucket.Properties.LifecycleConfiguration.Rules,
    );
    const expiring = rules.filter((rule) => rule.ExpirationInDays !== undefined && rule.Prefix);
    expect(expiring.map((rule) => rule.Prefix).sort()).toStrictEqual([
      'impressions/',
      'quarantine/',
      'quotas/',
      'recommendations/',
    ]);
  });

  it('gives every queue a dead-letter queue and more than its consumer’s time', () => {
    const queues = resources('AWS::SQS::Queue');
    const consumers = { 'lea-dev-plan-upload': [180, 360], 'lea-dev-parse-range': [300, 1800] };
    for (const [name, [seconds, invisible]] of Object.entries(consumers)) {
      const queue = queues.find((one) => one.Properties.QueueName === name)!;
      expect(queue.Properties.VisibilityTimeout).toBe(invisible);
      expect(queue.Properties.RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(5);
      template.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: name,
        Timeout: seconds,
      });
    }
    for (const queue of queues) expect(queue.Properties.SqsManagedSseEnabled).toBe(true);
  });

  it('has the time and the processor to look through the largest upload in one stream, twice over', () => {
    // Arrange: one request gets 85 MB/s of S3.
    const { maximumUploadBytes } = interactionsConfig.parse({});
    const seconds = maximumUploadBytes / 85e6;
    // Act
    const [{ Properties }] = Object.values(
      template.findResources('AWS::Lambda::Function', {
        Properties: { FunctionName: 'lea-dev-plan-upload' },
      }),
    ) as [{ Properties: { Timeout: number; MemorySize: number } }];
    // Assess
    expect(Properties.Timeout).toBeGreaterThan(2 * seconds);
    expect(Properties.MemorySize).toBeGreaterThanOrEqual(1769);
  });

  it('answers batches in part, and limits concurrency where messages are taken', () => {
    for (const source of resources('AWS::Lambda::EventSourceMapping')) {
      expect(source.Properties.FunctionResponseTypes).toStrictEqual(['ReportBatchItemFailures']);
      expect(source.Properties.ScalingConfig.MaximumConcurrency).toBeGreaterThanOrEqual(2);
    }
    for (const one of resources('AWS::Lambda::Function')) {
      expect(one.Properties.ReservedConcurrentExecutions).toBeUndefined();
    }
  });

  it('plans what is uploaded to the logs and the catalogue, and nothing else', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: Match.objectLike({
          object: { key: [{ prefix: 'logs/' }, { prefix: 'catalog/' }] },
        }),
      }),
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue() })],
    });
  });

  it('hands ingestion its configuration', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'lea-dev-parse-range',
      Environment: {
        Variables: Match.objectLike({
          PIPELINE_CONFIG: Match.serializedJson(Match.objectLike({ training: Match.anyValue() })),
        }),
      },
    });
  });

  it('goes with its data only where that is declared', () => {
    const buckets = Object.values(disposable.findResources('AWS::S3::Bucket'));
    expect(Object.keys(disposable.findResources('Custom::S3AutoDeleteObjects'))).toHaveLength(2);
    for (const bucket of buckets) expect(bucket.DeletionPolicy).toBe('Delete');
    production.resourceCountIs('Custom::S3AutoDeleteObjects', 0);
    for (const bucket of Object.values(production.findResources('AWS::S3::Bucket'))) {
      expect(bucket.DeletionPolicy).toBe('Retain');
    }
  });

  it('is protected from deletion where it keeps its data', () => {
    const isProtected = (operations: object) =>
      synthesise({ operations }).stacks.data.terminationProtection;
    expect(isProtected({})).toBe(true);
    expect(isProtected({ isDisposable: true })).toBe(false);
  });

  it('uses a key of its own when asked to, and never loses it in production', () => {
    template.resourceCountIs('AWS::KMS::Key', 0);
    production.hasResource('AWS::KMS::Key', {
      DeletionPolicy: 'Retain',
      Properties: { EnableKeyRotation: true },
    });
    production.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          Match.objectLike({
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm: 'aws:kms' }),
          }),
        ],
      },
    });
  });

  it('tells the people that the configuration names', () => {
    template.resourceCountIs('AWS::SNS::Subscription', 0);
    production.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'team@example.com',
    });
  });

  it('tags everything', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::Lambda::Function', 'AWS::SQS::Queue']) {
      template.hasResourceProperties(type, {
        Tags: Match.arrayWith([
          { Key: 'application', Value: 'lea' },
          { Key: 'deployment', Value: 'lea-dev' },
          { Key: 'environment', Value: 'dev' },
        ]),
      });
    }
  });
});
