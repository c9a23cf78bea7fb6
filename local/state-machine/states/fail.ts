import type { FailState } from '../definition-schema.ts';
import { StateError } from '../errors.ts';
import type { Outcome, Visit } from '../visit.ts';

/** Ends the states around it with `Error` and `Cause`. */
export async function runFail(state: FailState, visit: Visit): Promise<Outcome> {
  const text = async (field: 'Error' | 'Cause') => {
    const template = state[field];
    if (template === undefined) return undefined;
    const value = await visit.evaluate(template, field);
    if (typeof value !== 'string') throw visit.unexpected(field, 'a string', value);
    return value;
  };
  throw new StateError(await text('Error'), await text('Cause'));
}
