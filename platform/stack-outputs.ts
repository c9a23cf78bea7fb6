import { AwsV4Signer } from 'aws4fetch';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { fromServiceError } from './service-errors.ts';

const output =
  /<member>\s*(?=(?:(?!<\/member>)[\s\S])*?<OutputKey>([^<]+)<\/OutputKey>)(?=(?:(?!<\/member>)[\s\S])*?<OutputValue>([^<]*)<\/OutputValue>)/g;

/**
 * What a deployed stack hands out, by name (CloudFormation's `DescribeStacks`).
 *
 * @param environment of `callerEnvironment`; `AWS_ENDPOINT_URL_CLOUDFORMATION` or `AWS_ENDPOINT_URL` sends the call elsewhere
 * @throws MissingArtefactError where there is no such stack
 */
export async function readStackOutputs(
  stack: string,
  environment: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, string>> {
  const { AWS_REGION: region = '', AWS_SESSION_TOKEN: sessionToken } = environment;
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const place =
    environment.AWS_ENDPOINT_URL_CLOUDFORMATION ??
    environment.AWS_ENDPOINT_URL ??
    `https://cloudformation.${region}.${suffix}`;
  const url = new URL(place);
  url.search = new URLSearchParams({
    Action: 'DescribeStacks',
    StackName: stack,
    Version: '2010-05-15',
  }).toString();
  const signed = await new AwsV4Signer({
    url: url.href,
    accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    ...(sessionToken !== undefined && { sessionToken }),
    service: 'cloudformation',
    region,
  }).sign();
  const doing = `looking for the stack ${stack} in ${region}`;
  let status: number;
  let text: string;
  try {
    const response = await fetch(signed.url, {
      headers: signed.headers,
      signal: AbortSignal.timeout(20_000),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    throw fromServiceError(error instanceof TypeError ? (error.cause ?? error) : error, doing);
  }
  if (status === 400 && text.includes('does not exist')) {
    throw new MissingArtefactError(
      `There is no stack ${stack} in ${region}: deploy it (docs/deploy.md), or name another environment or region.`,
    );
  }
  if (status !== 200) {
    const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? `HTTP status ${status}`;
    const name = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? 'ServiceException';
    const failure = Object.assign(new Error(message), {
      name,
      $metadata: { httpStatusCode: status },
    });
    throw fromServiceError(failure, doing);
  }
  return new Map([...text.matchAll(output)].map(([, key, value]) => [key!, value!]));
}
