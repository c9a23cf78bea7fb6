/** What a task resource is told besides its arguments. */
export interface TaskContext {
  /** Aborted when the task's time is up, when a sibling has failed or when the execution is stopped. */
  readonly signal: AbortSignal;
  readonly stateName: string;
  readonly executionName: string;
}

/**
 * Does the work of a Task state and returns what becomes `$states.result`.
 *
 * `arn:aws:states:::lambda:invoke` must wrap what the function returned, as Step Functions does:
 * `{ExecutedVersion, Payload, StatusCode}`; an error that the function threw has the error's own name, and as cause
 * the JSON `{errorMessage, errorType, trace}`. A failed job of a `.sync` resource is `States.TaskFailed` with the
 * JSON of its description as cause; a refused call is named `SageMaker.ResourceLimitExceededException` and the like.
 *
 * @throws TaskError a named error for `Retry` and `Catch`; any other error becomes `States.TaskFailed`
 */
export type TaskResource = (args: unknown, context: TaskContext) => Promise<unknown>;

/** Handlers by resource ARN, e.g. `arn:aws:states:::sagemaker:createTrainingJob.sync`; the partition does not matter. */
export interface TaskResources {
  readonly [resourceArn: string]: TaskResource;
}

/** An ARN as it would be in the partition `aws`, so that those of `aws-cn` and others compare equal. */
export function inStandardPartition(arn: string): string {
  return arn.replace(/^arn:[^:]+:/, 'arn:aws:');
}
