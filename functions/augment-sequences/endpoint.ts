import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { ContractError, UnavailableError } from '#lib/contracts/errors.ts';
import { type EnvironmentClient, environmentContentType } from '#lib/environment/client.ts';
import { fromServiceError, statusOf } from '#platform/service-errors.ts';

/** SageMaker gives a model 60 s; the socket must outlive that. */
const REQUEST_MILLISECONDS = 70_000;

/** The LE behind a SageMaker endpoint. */
export function endpointClient(
  endpoint: string,
  signal: AbortSignal,
  client = new SageMakerRuntimeClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: REQUEST_MILLISECONDS, connectionTimeout: 5_000 },
  }),
): EnvironmentClient {
  return {
    async augment(request) {
      try {
        const answer = await client.send(
          new InvokeEndpointCommand({
            EndpointName: endpoint,
            ContentType: environmentContentType,
            Accept: environmentContentType,
            Body: request,
          }),
          { abortSignal: signal },
        );
        return answer.Body ?? new Uint8Array();
      } catch (error) {
        throw translate(error, endpoint);
      }
    },
  };
}

/**
 * The container's own status decides: 4xx is a defect of ours, everything else may pass. SageMaker also words a
 * throttled call as a 400 without a message.
 */
function translate(error: unknown, endpoint: string): Error {
  const { name, OriginalStatusCode, OriginalMessage, message } = error as {
    readonly name?: string;
    readonly OriginalStatusCode?: number;
    readonly OriginalMessage?: string;
    readonly message?: string;
  };
  if (name === 'ModelError') {
    const text = `The environment at endpoint ${endpoint} answered ${OriginalStatusCode}: ${OriginalMessage}`;
    const ours = OriginalStatusCode === 400 || OriginalStatusCode === 413;
    return ours
      ? new ContractError(text, { cause: error })
      : new UnavailableError(text, { cause: error });
  }
  if (statusOf(error) === 400 && (message === undefined || message === '' || message === 'null')) {
    return new UnavailableError(`Endpoint ${endpoint} throttled the request.`, { cause: error });
  }
  return fromServiceError(error, `asking endpoint ${endpoint}`);
}
