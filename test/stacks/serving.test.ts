import { Match } from 'aws-cdk-lib/assertions';
import { describe, it } from 'vitest';
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

  it('keeps instances warm only when asked to', () => {
    template.resourceCountIs('AWS::Lambda::Alias', 0);
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
