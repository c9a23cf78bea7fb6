import {
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { createLogGroup } from './log-group.ts';
import { ServingRoutes } from './serving-routes.ts';

export interface ServingApiProps {
  readonly deployment: Deployment;
  /** Answers `POST /recommend`, `/similar` and `/rerank`. */
  readonly recommend: Alias;
}

/** An HTTP API with IAM authorisation, throttling and access logs. */
export class ServingApi extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  readonly routes: ServingRoutes;
  /** What the others take and answer. */
  readonly openapi: HttpRoute;
  readonly accessLogs: LogGroup;

  constructor(scope: Construct, id: string, props: ServingApiProps) {
    super(scope, id);
    const { deployment, recommend } = props;
    const rate = deployment.config.operations.serving.maximumRequestsPerSecond;
    this.api = new HttpApi(this, 'Api', {
      apiName: `${deployment.name}-recommend`,
      createDefaultStage: false,
    });
    this.routes = new ServingRoutes(this, 'Routes', { api: this.api, answers: recommend });
    const { integration, authorizer } = this.routes;
    this.openapi = new HttpRoute(this, 'OpenApi', {
      httpApi: this.api,
      routeKey: HttpRouteKey.with('/openapi.json', HttpMethod.GET),
      integration,
      authorizer,
    });
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
