import type { SucceedState } from '../definition-schema.ts';
import type { Outcome, Visit } from '../visit.ts';

/** Ends the states around it well. */
export async function runSucceed(state: SucceedState, visit: Visit): Promise<Outcome> {
  return { output: await visit.complete(state, visit.input), next: undefined };
}
