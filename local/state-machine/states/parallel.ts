import type { ParallelState } from '../definition-schema.ts';
import { assertWithinLimit, type Json } from '../payload.ts';
import { runPool } from '../pool.ts';
import { VariableScope } from '../variables.ts';
import type { Outcome, Visit } from '../visit.ts';

/** Runs all branches at once on `Arguments` (else the input); the result is the array of their outputs. */
export async function runParallel(state: ParallelState, visit: Visit): Promise<Outcome> {
  const { frame } = visit;
  const input =
    state.Arguments === undefined
      ? visit.input
      : await visit.evaluate(state.Arguments, 'Arguments');
  assertWithinLimit(input, `What the state '${visit.path}' hands to its branches`);
  const result: Json[] = new Array(state.Branches.length).fill(null);
  await runPool(
    state.Branches.length,
    state.Branches.length,
    frame.signal,
    async (index, signal) => {
      result[index] = await frame.services.runStates(state.Branches[index]!, input, {
        ...frame,
        signal,
        variables: new VariableScope(frame.variables),
        path: `${visit.path}[${index}]`,
      });
    },
  );
  assertWithinLimit(result, `The result of the state '${visit.path}'`);
  return { output: await visit.complete(state, result, { result }), next: state.Next };
}
