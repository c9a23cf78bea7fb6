import { type HttpApi, HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Alias, IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface ServingRoutesProps {
  readonly api: HttpApi;
  /** Answers all of them. */
  readonly answers: Alias;
}

/** What can be asked over HTTP, with IAM authorisation (docs/serving.md). */
export class ServingRoutes extends Construct {
  readonly recommend: HttpRoute;
  readonly similar: HttpRoute;
  readonly rerank: HttpRoute;
  readonly integration: HttpLambdaIntegration;
  readonly authorizer: HttpIamAuthorizer;

  constructor(scope: Construct, id: string, { api, answers }: ServingRoutesProps) {
    super(scope, id);
    this.integration = new HttpLambdaIntegration('Recommend', answers as IFunction);
    this.authorizer = new HttpIamAuthorizer();
    const { integration, authorizer } = this;
    const route = (name: string, path: string) =>
      new HttpRoute(this, name, {
        httpApi: api,
        routeKey: HttpRouteKey.with(path, HttpMethod.POST),
        integration,
        authorizer,
      });
    this.recommend = route('Recommend', '/recommend');
    this.similar = route('Similar', '/similar');
    this.rerank = route('Rerank', '/rerank');
  }
}
