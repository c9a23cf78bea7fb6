import {
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Alias, IFunction } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { createLogGroup } from './log-group.ts';

export interface ServingApiProps {
  readonly deployment: Deployment;
  /** Answers `POST /recommend`, `/similar` and `/rerank`. */
  readonly recommend: Alias;
}

/** An HTTP API with IAM authorisation, throttling and access logs. */
export class ServingApi extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  readonly accessLogs: LogGroup;

  constructor(scope: Construct, id: string, props: ServingApiProps) {
    super(scope, id);
    const { deployment, recommend } = props;
    const rate = deployment.config.operations.serving.maximumRequestsPerSecond;
    this.api = new HttpApi(this, 'Api', {
      apiName: `${deployment.name}-recommend`,
      createDefaultStage: false,
    });
    const integration = new HttpLambdaIntegration('Recommend', recommend as IFunction);
    const authorizer = new HttpIamAuthorizer();
    for (const path of ['/recommend', '/similar', '/rerank']) {
      this.api.addRoutes({ path, methods: [HttpMethod.POST], integration, authorizer });
    }
    const methods = [HttpMethod.GET];
    this.api.addRoutes({ path: '/openapi.json', methods, integration, authorizer });
    this.accessLogs = createLogGroup(
      this,
      'AccessLogs',
      deployment,
      `/aws/vendedlogs/${deployment.name}-recommend`,
    );
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      throttle: { rateLimit: rate, burstLimit: 2 * rate },
      accessLogSettings: { destination: new LogGroupLogDestination(this.accessLogs) },
    });
  }
}
