import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { keyPatterns, statementsOf } from './iam.ts';
import { synthesise } from './synthesis.ts';

const template = synthesise().template('serving');
const behindGateway = synthesise({
  operations: {
    serving: { door: 'api-gateway', provisionedConcurrency: 2, maximumRequestsPerSecond: 7 },
  },
}).template('serving');

const keeping = synthesise({
  operations: {
    customerManagedKey: true,
    serving: {
      impressions: {},
      variants: { experiment: 'autumn', share: 0.1, challenger: { run: '2026-11-20' } },
    },
  },
});

describe('Stack: serving', () => {
  it('keeps answers only when asked to: encrypted, by day, by a role that may write there alone', () => {
    // Arrange
    const kept = keeping.template('serving');
    const [stream] = Object.values(kept.findResources('AWS::KinesisFirehose::DeliveryStream'));
    const { ExtendedS3DestinationConfiguration: to, ...how } = stream!.Properties;
    // Act
    const statements = statementsOf(kept, to.RoleARN['Fn::GetAtt'][0]);
    // Assess
    template.resourceCountIs('AWS::KinesisFirehose::DeliveryStream', 0);
    expect(how.DeliveryStreamEncryptionConfigurationInput).toStrictEqual({
      KeyType: 'CUSTOMER_MANAGED_CMK',
      KeyARN: { Ref: expect.stringMatching(/^SsmParameterValue/) },
    });
    expect(to).toMatchObject({
      Prefix: 'impressions/dt=!{timestamp:yyyy-MM-dd}/',
      FileExtension: '.jsonl.gz',
      CompressionFormat: 'GZIP',
    });
    expect(keyPatterns(statements, 's3:PutObject')).toStrictEqual(['impressions/*']);
    expect(keyPatterns(statements, 's3:GetObject')).toStrictEqual([]);
    expect(keyPatterns(statements, 's3:DeleteObject')).toStrictEqual([]);
    kept.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'lea-dev-recommend',
      Environment: {
        Variables: Match.objectLike({
          IMPRESSION_STREAM: Match.anyValue(),
          VARIANTS: JSON.stringify({
            experiment: 'autumn',
            share: 0.1,
            challenger: { run: '2026-11-20', name: null },
          }),
        }),
      },
    });
  });

  it('deletes kept answers when they are old, and keeps the model that is compared', () => {
    const { Properties } = Object.values(
      keeping.template('data').findResources('AWS::S3::Bucket'),
    ).find(({ Properties }) => Properties.VersioningConfiguration !== undefined)!;
    expect(Properties.LifecycleConfiguration.Rules).toContainEqual(
      expect.objectContaining({ Prefix: 'impressions/', ExpirationInDays: 90 }),
    );
    keeping.template('data').hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'lea-dev-expire-runs',
      Environment: {
        Variables: Match.objectLike({ CHALLENGER: '{"run":"2026-11-20","name":null}' }),
      },
    });
  });

  it('lets nobody in without an IAM signature', () => {
    template.resourceCountIs('AWS::Lambda::Url', 1);
    template.allResourcesProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' });
  });

  it('has API Gateway as another door, with signatures, throttling and access logs', () => {
    behindGateway.resourceCountIs('AWS::Lambda::Url', 0);
    behindGateway.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey: 'POST /recommend',
      AuthorizationType: 'AWS_IAM',
    });
    behindGateway.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 7, ThrottlingBurstLimit: 14 },
      AccessLogSettings: Match.anyValue(),
    });
  });

  it.each([
    ['a function URL', template],
    ['an HTTP API and warm instances', behindGateway],
  ])('releases a version gradually behind %s, and takes it back when it rings', (_, released) => {
    // Arrange
    const [aliasId, alias] = Object.entries(released.findResources('AWS::Lambda::Alias'))[0]!;
    const [groupId] = Object.keys(released.findResources('AWS::CodeDeploy::DeploymentGroup'));
    const version = alias.Properties.FunctionVersion;
    // Assess: CloudFormation hands the alias's changes to CodeDeploy.
    expect(alias.UpdatePolicy.CodeDeployLambdaAliasUpdate).toMatchObject({
      DeploymentGroupName: { Ref: groupId },
    });
    released.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: Match.arrayWith(['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM']),
      },
    });
    // What rings is the new version alone.
    const alarms = Object.entries(released.findResources('AWS::CloudWatch::Alarm'));
    const watched = alarms.map(([, { Properties }]) => [
      Properties.MetricName,
      Properties.Dimensions.find(({ Name }: { Name: string }) => /version$/i.test(Name)).Value,
    ]);
    expect(watched).toStrictEqual([
      ['Errors', version],
      ['ChampionRefused', version],
    ]);
    released.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
      AlarmConfiguration: { Enabled: true, Alarms: alarms.map(([id]) => ({ Name: { Ref: id } })) },
    });
    // Callers come by the alias, whichever door there is.
    const doors = [
      ...Object.values(released.findResources('AWS::Lambda::Url')).map(
        ({ Properties }) => Properties.Qualifier,
      ),
      ...Object.values(released.findResources('AWS::ApiGatewayV2::Integration')).map(
        ({ Properties }) => Properties.IntegrationUri,
      ),
    ];
    expect(doors).toHaveLength(1);
    expect(['live', { Ref: aliasId }]).toContainEqual(doors[0]);
  });

  it('keeps instances warm only when asked to', () => {
    template.hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: Match.absent(),
    });
    behindGateway.hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
    });
  });

  it('shares the kernels of TensorFlow.js in a layer', () => {
    template.resourceCountIs('AWS::Lambda::LayerVersion', 1);
    for (const name of ['recommend', 'recommend-batch']) {
      template.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: `lea-dev-${name}`,
        Layers: [Match.anyValue()],
      });
    }
  });

  it('recommends to everybody after a run that succeeded', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['lea'], 'detail-type': ['Run Succeeded'] },
      EventBusName: Match.anyValue(),
    });
    const silent = synthesise({ operations: { serving: { batchCount: 0 } } }).template('serving');
    silent.resourceCountIs('AWS::Events::Rule', 0);
    silent.resourceCountIs('AWS::SQS::Queue', 2);
  });
});
