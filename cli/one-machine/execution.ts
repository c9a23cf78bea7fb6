import { randomUUID } from 'node:crypto';
import { PipelineError } from '#lib/contracts/errors.ts';
import type { Cloud } from '#local/cloud.ts';
import { runStateMachine } from '#local/state-machine/run.ts';
import { explainCause } from '../artefacts/causes.ts';
import type { NightStages } from './night-stages.ts';

/**
 * Runs the deployed definition, state by state.
 *
 * @throws PipelineError with the error and cause of the failed execution
 */
export async function executeStateMachine(
  cloud: Cloud,
  input: { readonly run: string; readonly resume: boolean },
  stages: NightStages,
  signal: AbortSignal,
): Promise<void> {
  const result = await runStateMachine({
    definition: cloud.stateMachine,
    input,
    name: `${input.run}-${randomUUID()}`,
    resources: cloud.resources,
    objects: cloud.objects,
    onEvent: (event) => stages.event(event),
    signal,
  });
  if (result.status === 'SUCCEEDED') return;
  const cause = result.cause === undefined ? 'no cause was given' : explainCause(result.cause);
  throw new PipelineError(
    result.error ?? result.status,
    `The run ${result.status.toLowerCase().replace('_', ' ')}: ${cause}\nLogs: ${cloud.logs}`,
  );
}
