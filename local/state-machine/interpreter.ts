import type { Catcher, Retrier, State, StatesBlock } from './definition-schema.ts';
import { matchesError, StateError } from './errors.ts';
import { assertWithinLimit, type Json } from './payload.ts';
import { RetryBudget } from './retry.ts';
import { runChoice } from './states/choice.ts';
import { runFail } from './states/fail.ts';
import { runMap } from './states/map.ts';
import { runParallel } from './states/parallel.ts';
import { runPass } from './states/pass.ts';
import { runSucceed } from './states/succeed.ts';
import { runTask } from './states/task.ts';
import { runWait } from './states/wait.ts';
import { type Frame, type Outcome, Visit } from './visit.ts';

/**
 * Runs states from `StartAt` to an end and gives the last one's output.
 *
 * @throws StateError the error that no state caught
 * @throws the signal's reason when the frame is stopped
 */
export async function runStates(block: StatesBlock, input: Json, frame: Frame): Promise<Json> {
  assertWithinLimit(input, `The input of ${frame.path === '' ? 'the execution' : frame.path}`);
  let name = block.StartAt;
  let payload = input;
  for (;;) {
    frame.signal.throwIfAborted();
    const state = block.States[name]!;
    const visit = new Visit(frame, name, state.Type, payload);
    visit.emit({ type: 'state-entered' });
    const outcome = await runWithErrorHandling(state, visit);
    visit.emit({ type: 'state-exited', seconds: (Date.now() - visit.enteredAt) / 1000 });
    if (outcome.next === undefined) return outcome.output;
    name = outcome.next;
    payload = outcome.output;
  }
}

async function runWithErrorHandling(state: State, visit: Visit): Promise<Outcome> {
  const { services, signal } = visit.frame;
  const retriers: readonly Retrier[] = ('Retry' in state && state.Retry) || [];
  const budget = new RetryBudget(retriers, services.random);
  for (;;) {
    try {
      return await runState(state, visit);
    } catch (error) {
      // Anything else is a stop, or a defect of the runner itself: no state may catch those.
      if (!(error instanceof StateError)) throw error;
      const delaySeconds = budget.next(error);
      if (delaySeconds === undefined) return await catchError(state, visit, error);
      visit.retryCount += 1;
      visit.emit({
        type: 'state-retried',
        error: error.error,
        cause: error.causeText,
        retryCount: visit.retryCount,
        delaySeconds,
      });
      await services.sleep(delaySeconds * 1000, signal);
    }
  }
}

async function catchError(state: State, visit: Visit, error: StateError): Promise<Outcome> {
  const catchers: readonly Catcher[] = ('Catch' in state && state.Catch) || [];
  const index = catchers.findIndex((catcher) => matchesError(catcher.ErrorEquals, error));
  const catcher = catchers[index];
  visit.emit({
    type: 'state-failed',
    error: error.error,
    cause: error.causeText,
    caughtBy: catcher?.Next,
  });
  if (catcher === undefined) throw error;
  const errorOutput: Json = {
    ...(error.error === undefined ? {} : { Error: error.error }),
    ...(error.causeText === undefined ? {} : { Cause: error.causeText }),
  };
  return {
    output: await visit.complete(catcher, errorOutput, { errorOutput }, `Catch[${index}].`),
    next: catcher.Next,
  };
}

function runState(state: State, visit: Visit): Promise<Outcome> {
  switch (state.Type) {
    case 'Task':
      return runTask(state, visit);
    case 'Choice':
      return runChoice(state, visit);
    case 'Map':
      return runMap(state, visit);
    case 'Parallel':
      return runParallel(state, visit);
    case 'Pass':
      return runPass(state, visit);
    case 'Wait':
      return runWait(state, visit);
    case 'Succeed':
      return runSucceed(state, visit);
    case 'Fail':
      return runFail(state, visit);
  }
}
