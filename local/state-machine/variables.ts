import type { Json } from './payload.ts';

/**
 * Workflow variables. A branch of a Parallel state and an iteration of an inline Map state read the variables of
 * the scope around them, and assign into a scope of their own that ends with them; a child execution of a
 * distributed Map state starts from an empty scope.
 * https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
 */
export class VariableScope {
  readonly #outer: VariableScope | undefined;
  readonly #values = new Map<string, Json>();

  constructor(outer?: VariableScope) {
    this.#outer = outer;
  }

  assign(values: Readonly<Record<string, Json>>): void {
    for (const [name, value] of Object.entries(values)) this.#values.set(name, value);
  }

  /** Every visible variable by name, without the dollar sign; inner ones win. */
  visible(): Record<string, Json> {
    return { ...this.#outer?.visible(), ...Object.fromEntries(this.#values) };
  }
}
