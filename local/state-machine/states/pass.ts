import type { PassState } from '../definition-schema.ts';
import type { Outcome, Visit } from '../visit.ts';

/** Hands its input on, or what `Output` makes of it. */
export async function runPass(state: PassState, visit: Visit): Promise<Outcome> {
  return { output: await visit.complete(state, visit.input), next: state.Next };
}
