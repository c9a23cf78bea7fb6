import { afterDelay, linkedController, untilAborted } from '../cancellation.ts';
import type { TaskState } from '../definition-schema.ts';
import { StateError } from '../errors.ts';
import { assertWithinLimit, type Json, toJson } from '../payload.ts';
import { inStandardPartition } from '../resources.ts';
import type { Outcome, Visit } from '../visit.ts';

/** Hands `Arguments` (else the input) to the resource and waits for its result. */
export async function runTask(state: TaskState, visit: Visit): Promise<Outcome> {
  const args =
    state.Arguments === undefined
      ? visit.input
      : await visit.evaluate(state.Arguments, 'Arguments');
  assertWithinLimit(args, `What the state '${visit.path}' hands to ${state.Resource}`);
  const timeoutSeconds =
    state.TimeoutSeconds === undefined
      ? undefined
      : await visit.evaluateNumber(state.TimeoutSeconds, 'TimeoutSeconds', { least: 1 });
  const result = await callResource(state.Resource, args, timeoutSeconds, visit);
  assertWithinLimit(result, `The result of ${state.Resource} in the state '${visit.path}'`);
  return { output: await visit.complete(state, result, { result }), next: state.Next };
}

async function callResource(
  resourceArn: string,
  args: Json,
  timeoutSeconds: number | undefined,
  visit: Visit,
): Promise<Json> {
  const { services, execution, signal } = visit.frame;
  const resource = services.resources.get(inStandardPartition(resourceArn))!;
  using call = linkedController(signal);
  using _timeout =
    timeoutSeconds === undefined
      ? null
      : afterDelay(timeoutSeconds * 1000, () =>
          call.abort(
            new StateError(
              'States.Timeout',
              `The state '${visit.path}' took longer than its TimeoutSeconds, ${timeoutSeconds}.`,
            ),
          ),
        );
  const work = Promise.resolve().then(() =>
    resource(args, {
      signal: call.signal,
      stateName: visit.stateName,
      executionName: execution.name,
    }),
  );
  services.running.add(work);
  work.catch(() => {}).finally(() => services.running.delete(work));
  try {
    return toJson(await untilAborted(work, call.signal));
  } catch (error) {
    // What stopped the call is no error of the resource.
    if (error instanceof StateError || (call.signal.aborted && error === call.signal.reason)) {
      throw error;
    }
    const cause = error instanceof Error ? error.message : String(error);
    throw new StateError('States.TaskFailed', cause, { cause: error });
  }
}
