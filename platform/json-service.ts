import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import * as z from 'zod';
import { ContractError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { fromServiceError } from './service-errors.ts';

/** An AWS service that speaks JSON over POST, of which a function needs a call or two. */
export interface JsonService {
  /**
   * @param operation for example `ListEndpoints`
   * @param answer what of the answer is used
   * @throws PipelineError as `fromServiceError` translates it; throttled calls are repeated before that
   */
  call<Answer>(operation: string, input: object, answer: z.ZodType<Answer>): Promise<Answer>;
}

/** How the services differ: host, prefix of `X-Amz-Target`, and version of the protocol. */
const services = {
  codebuild: { host: 'codebuild', target: 'CodeBuild_20161006', protocol: '1.1' },
  events: { host: 'events', target: 'AWSEvents', protocol: '1.1' },
  firehose: { host: 'firehose', target: 'Firehose_20150804', protocol: '1.1' },
  sagemaker: { host: 'api.sagemaker', target: 'SageMaker', protocol: '1.1' },
  servicequotas: { host: 'servicequotas', target: 'ServiceQuotasV20190624', protocol: '1.1' },
  states: { host: 'states', target: 'AWSStepFunctions', protocol: '1.0' },
} as const;

/** How long whoever calls waits. */
export interface Patience {
  readonly attempts: number;
  /** For each attempt. */
  readonly milliseconds: number;
}

const enoughForJobs: Patience = { attempts: 5, milliseconds: 20_000 };
const firstDelayMilliseconds = 100;

const surroundings = z.object({
  AWS_REGION: z.string().min(1),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_SESSION_TOKEN: z.string().min(1).optional(),
});

const failure = z.looseObject({
  __type: z.string().optional(),
  message: z.string().nullish(),
  Message: z.string().nullish(),
});

/**
 * A service, called with the function's own credentials and region. The SDK's clients for these services weigh
 * more than all of a function that needs one call.
 *
 * `AWS_ENDPOINT_URL_<SERVICE>` or `AWS_ENDPOINT_URL` sends the calls elsewhere.
 */
export function createJsonService(
  name: keyof typeof services,
  environment: NodeJS.ProcessEnv = process.env,
  { attempts, milliseconds }: Patience = enoughForJobs,
): JsonService {
  const { host, target, protocol } = services[name];
  return {
    async call(operation, input, answer) {
      const { AWS_REGION: region, ...keys } = surroundings.parse(environment);
      const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
      const url = new URL(
        environment[`AWS_ENDPOINT_URL_${name.toUpperCase()}`] ??
          environment.AWS_ENDPOINT_URL ??
          `https://${host}.${region}.${suffix}`,
      );
      const body = JSON.stringify(input);
      const send = async () => {
        const signed = await new AwsV4Signer({
          method: 'POST',
          url: url.href,
          headers: {
            'content-type': `application/x-amz-json-${protocol}`,
            'x-amz-target': `${target}.${operation}`,
          },
          body,
          accessKeyId: keys.AWS_ACCESS_KEY_ID,
          secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
          ...(keys.AWS_SESSION_TOKEN !== undefined && { sessionToken: keys.AWS_SESSION_TOKEN }),
          service: name,
          region,
        }).sign();
        return fetch(signed.url, {
          method: signed.method,
          headers: signed.headers,
          body,
          signal: AbortSignal.timeout(milliseconds),
        });
      };
      return repeat(`${name}:${operation}`, send, answer, attempts);
    },
  };
}

async function repeat<Answer>(
  what: string,
  send: () => Promise<Response>,
  answer: z.ZodType<Answer>,
  attempts: number,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await receive(what, await send(), answer);
    } catch (thrown) {
      // `fetch` hides a broken connection's code one level down.
      const broken = thrown instanceof TypeError ? (thrown.cause ?? thrown) : thrown;
      const error = fromServiceError(broken, what);
      if (!error.retryable || attempt === attempts) throw error;
    }
    // Full jitter: callers that were throttled together do not come back together.
    await sleep(Math.random() * firstDelayMilliseconds * 2 ** attempt);
  }
}

async function receive<Answer>(
  what: string,
  response: Response,
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  const text = await response.text();
  if (!response.ok) throw serviceError(response.status, text);
  const parsed = answer.safeParse(text === '' ? {} : JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new ContractError(
    `${what} answered something else than expected:\n${explain(parsed.error)}`,
  );
}

/** The form in which the SDK's clients throw failures. */
function serviceError(status: number, text: string): Error {
  let type: string | undefined;
  let message: string | null | undefined;
  try {
    const fault = failure.parse(JSON.parse(text));
    type = fault.__type?.split('#').at(-1)?.split(':')[0];
    message = fault.message ?? fault.Message;
  } catch {
    message = text.slice(0, 200);
  }
  // SageMaker words a throttled call as 400 without a message.
  const throttled = status === 429 || (status === 400 && type === undefined && message == null);
  return Object.assign(new Error(message ?? `HTTP status ${status} without a message`), {
    name: throttled ? 'ThrottlingException' : (type ?? 'ServiceException'),
    $metadata: { httpStatusCode: status },
  });
}
