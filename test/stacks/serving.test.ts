import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { synthesise } from './synthesis.ts';

const template = synthesise().template('serving');
const behindGateway = synthesise({
  operations: {
    serving: { door: 'api-gateway', provisionedConcurrency: 2, maximumRequestsPerSecond: 7 },
  },
}).template('serving');

describe('Stack: serving', () => {
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
