import { randomUUID } from 'node:crypto';
import { PipelineError } from '#lib/contracts/errors.ts';
import type { Cloud } from '#local/cloud.ts';
import { type ExecutionEvent, runStateMachine } from '#local/state-machine/run.ts';
import { explainCause } from './causes.ts';
import type { Progress } from './progress.ts';

/**
 * Runs the deployed definition, state by state.
 *
 * @throws PipelineError with the error and cause of the failed execution
 */
export async function executeStateMachine(
  cloud: Cloud,
  input: { readonly run: string; readonly resume: boolean },
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const result = await runStateMachine({
    definition: cloud.stateMachine,
    input,
    name: `${input.run}-${randomUUID()}`,
    resources: cloud.resources,
    objects: cloud.objects,
    onEvent: (event) => show(event, progress),
    signal,
  });
  if (result.status === 'SUCCEEDED') return;
  const cause = result.cause === undefined ? 'no cause was given' : explainCause(result.cause);
  throw new PipelineError(
    result.error ?? result.status,
    `The run ${result.status.toLowerCase().replace('_', ' ')}: ${cause}\nLogs: ${cloud.logs}`,
  );
}

/** The error's name, and the first line of what it says. */
function describe({ error, cause }: { error: string | undefined; cause: string | undefined }) {
  const [line = ''] = explainCause(cause ?? '').split('\n');
  return line === '' ? error : `${error}: ${line}`;
}

function show(event: ExecutionEvent, progress: Progress): void {
  const isInside = event.path !== event.state;
  switch (event.type) {
    case 'state-exited':
      if (!isInside && event.stateType !== 'Wait') progress.done(event.state, event.seconds);
      break;
    case 'state-retried':
      progress.say(
        `${event.state}: trying again in ${event.delaySeconds.toFixed(0)} s (${describe(event)})`,
      );
      break;
    case 'state-failed':
      // What nothing catches here is told again by the state around it.
      if (event.caughtBy !== undefined) progress.say(`${event.state} failed: ${describe(event)}`);
      break;
    case 'map-progress':
      progress.working(event.state, {
        stage: `${event.done} of ${event.total}${event.failed > 0 ? `, ${event.failed} failed` : ''}`,
        progress: event.total === 0 ? 1 : (event.done + event.failed) / event.total,
      });
      break;
    case 'state-entered':
      break;
  }
}
