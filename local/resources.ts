import * as z from 'zod';
import type { LocalFunctions } from './functions/functions.ts';
import type { FunctionError } from './functions/protocol.ts';
import type { Topics } from './notifications.ts';
import { SageMakerError } from './sagemaker/errors.ts';
import type { SageMaker } from './sagemaker/sagemaker.ts';
import { TaskError } from './state-machine/errors.ts';
import type { TaskResource, TaskResources } from './state-machine/resources.ts';

/** The local services behind the Task states of a state machine. */
export interface ResourceServices {
  readonly functions: LocalFunctions;
  readonly sagemaker: SageMaker;
  readonly topics: Topics;
}

/**
 * What Step Functions calls, by resource ARN. Arguments are checked strictly; results and error names are those
 * of the real integrations, so that `Retry` and `Catch` of a definition mean the same here.
 *
 * https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
 */
export function taskResources(services: ResourceServices): TaskResources {
  return {
    'arn:aws:states:::lambda:invoke': invokeFunction(services.functions),
    ...sagemakerResources(services.sagemaker),
    'arn:aws:states:::sns:publish': async (args) => {
      const request = parse(publishRequest, 'sns:publish', args);
      const { Message } = request;
      const text = typeof Message === 'string' ? Message : JSON.stringify(Message);
      return services.topics.publish(request.TopicArn, text, request.Subject);
    },
  };
}

const invokeRequest = z.strictObject({
  FunctionName: z.string(),
  Payload: z.unknown().optional(),
  InvocationType: z.literal('RequestResponse', 'must be RequestResponse').optional(),
  Qualifier: z.string().optional(),
});

const publishRequest = z.strictObject({
  TopicArn: z.string(),
  Message: z.union([z.string(), z.looseObject({})]),
  Subject: z.string().max(100, 'must have at most 100 characters').optional(),
});

function invokeFunction(functions: LocalFunctions): TaskResource {
  return async (args, { signal }) => {
    const { FunctionName, Payload = {} } = parse(invokeRequest, 'lambda:invoke', args);
    const target = attempt('Lambda.ResourceNotFoundException', () => functions.get(FunctionName));
    const result = await target.invoke(Payload, signal).catch((error: Error) => {
      if (!(error instanceof RangeError)) throw error;
      throw new TaskError('Lambda.RequestTooLargeException', error.message);
    });
    if ('error' in result) throw functionFailure(result.error);
    return { ExecutedVersion: '$LATEST', Payload: result.payload, StatusCode: 200 };
  };
}

/** A function's own errors keep their name; a process that died without one has Step Functions' name for that. */
function functionFailure({ errorMessage, errorType, trace }: FunctionError): TaskError {
  const name = errorType === 'Runtime.ExitError' ? 'Lambda.Unknown' : errorType;
  return new TaskError(name, JSON.stringify({ errorMessage, errorType, trace }));
}

function sagemakerResources({ actions, trainingJobs }: SageMaker): TaskResources {
  const resources: Record<string, TaskResource> = {
    'arn:aws:states:::sagemaker:createTrainingJob.sync': async (args, { signal }) => {
      const job = await trainingJobs.run(args, signal).catch((error: Error) => {
        throw sagemakerFailure(error, 'SageMaker.AmazonSageMakerException');
      });
      signal.throwIfAborted();
      if (job.TrainingJobStatus === 'Completed') return job;
      throw new TaskError('States.TaskFailed', JSON.stringify(job));
    },
  };
  for (const [action, run] of Object.entries(actions)) {
    const named = (general: string): TaskResource => {
      return async (args) => {
        try {
          return await run(args);
        } catch (error) {
          throw sagemakerFailure(error as Error, general);
        }
      };
    };
    const optimised = [
      'createTrainingJob',
      'createModel',
      'createEndpointConfig',
      'createEndpoint',
    ];
    if (optimised.includes(action)) {
      resources[`arn:aws:states:::sagemaker:${action}`] = named(
        'SageMaker.AmazonSageMakerException',
      );
    }
    resources[`arn:aws:states:::aws-sdk:sagemaker:${action}`] = named(
      'SageMaker.SageMakerException',
    );
  }
  return resources;
}

/** Errors that SageMaker's model names get the suffix `Exception`; all others have the general name. */
function sagemakerFailure(error: Error, general: string): Error {
  if (!(error instanceof SageMakerError)) return error;
  if (error.code === 'UnknownField') return new TaskError('States.Runtime', error.message);
  const name = error.code === 'ValidationException' ? general : `SageMaker.${error.code}Exception`;
  const cause = `${error.message} (Service: SageMaker, Status Code: 400, Error Code: ${error.code})`;
  return new TaskError(name, cause);
}

/** Step Functions rejects fields that it does not know when the machine is created; here the run ends. */
function parse<Schema extends z.ZodType>(
  schema: Schema,
  resource: string,
  args: unknown,
): z.infer<Schema> {
  const result = schema.safeParse(args);
  if (result.success) return result.data;
  throw new TaskError('States.Runtime', `${resource}: ${z.prettifyError(result.error)}`);
}

function attempt<Value>(name: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw new TaskError(name, (error as Error).message, { cause: error });
  }
}
