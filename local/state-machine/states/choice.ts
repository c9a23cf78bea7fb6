import type { ChoiceState } from '../definition-schema.ts';
import { StateError } from '../errors.ts';
import type { Outcome, Visit } from '../visit.ts';

/** Goes on to the first rule that holds; its own `Output` and `Assign` count then, the state's with `Default`. */
export async function runChoice(state: ChoiceState, visit: Visit): Promise<Outcome> {
  for (const [index, rule] of state.Choices.entries()) {
    const field = `Choices[${index}].`;
    const holds = await visit.evaluate(rule.Condition, `${field}Condition`);
    if (typeof holds !== 'boolean') throw visit.unexpected(`${field}Condition`, 'a boolean', holds);
    if (holds) {
      return { output: await visit.complete(rule, visit.input, {}, field), next: rule.Next };
    }
  }
  if (state.Default === undefined) {
    throw new StateError(
      'States.NoChoiceMatched',
      `No rule of the state '${visit.path}' holds and it has no Default.`,
    );
  }
  return { output: await visit.complete(state, visit.input), next: state.Default };
}
