import * as z from 'zod';

/** What Lambda says of a function's own error, and SageMaker of a failed job. */
const functionFailure = z.looseObject({ errorMessage: z.string() });
const jobFailure = z.looseObject({ TrainingJobName: z.string(), FailureReason: z.string() });
/** What Step Functions hands on of an error that a state caught. */
const stateFailure = z.looseObject({ Error: z.string(), Cause: z.string() });

/** A `Cause` of Step Functions for people: its JSON, which may be within other JSON, becomes its message. */
export function explainCause(cause: string): string {
  const value = parse(cause);
  const ofFunction = functionFailure.safeParse(value);
  if (ofFunction.success) return explainCause(ofFunction.data.errorMessage);
  const ofJob = jobFailure.safeParse(value);
  if (ofJob.success) return `${ofJob.data.TrainingJobName}: ${ofJob.data.FailureReason}`;
  const ofState = stateFailure.safeParse(value);
  if (ofState.success) return `${ofState.data.Error}: ${explainCause(ofState.data.Cause)}`;
  return cause;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
