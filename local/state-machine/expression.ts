import jsonata, { type Expression } from 'jsonata';
import { StateError } from './errors.ts';
import { registerStepFunctions } from './functions.ts';
import { type Json, toJson } from './payload.ts';

/** Longest time that one expression may take; ends endless recursion. */
const EVALUATION_TIMEOUT_MS = 10_000;

/** Evaluates JSONata expressions and the templates that contain them. */
export class ExpressionEvaluator {
  readonly #compiled = new Map<string, Expression>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * A template's value: every string of the form `{% expression %}` inside of it, at any depth, gives way to the
   * expression's value; everything else stays.
   *
   * @param bindings variables by name, without the dollar sign; `states` among them
   * @param where the template's path, for messages
   * @throws StateError `States.QueryEvaluationError`
   */
  async evaluate(template: Json, bindings: Record<string, Json>, where: string): Promise<Json> {
    if (typeof template === 'string') {
      const source = expressionSource(template);
      return source === undefined ? template : await this.#evaluateSource(source, bindings, where);
    }
    if (Array.isArray(template)) {
      const values: Json[] = [];
      for (const [index, item] of template.entries()) {
        values.push(await this.evaluate(item, bindings, `${where}[${index}]`));
      }
      return values;
    }
    if (template !== null && typeof template === 'object') {
      const entries: [string, Json][] = [];
      for (const [key, value] of Object.entries(template)) {
        entries.push([key, await this.evaluate(value, bindings, `${where}.${key}`)]);
      }
      return Object.fromEntries(entries);
    }
    return template;
  }

  async #evaluateSource(
    source: string,
    bindings: Record<string, Json>,
    where: string,
  ): Promise<Json> {
    let value: unknown;
    try {
      value = await this.#compile(source).evaluate(undefined, bindings);
    } catch (error) {
      const reason = (error as { message?: string }).message ?? String(error);
      throw evaluationError(where, source, `failed: ${reason}`, error);
    }
    if (value === undefined) {
      throw evaluationError(where, source, 'returned nothing (undefined)');
    }
    if (containsFunction(value)) {
      throw evaluationError(where, source, 'returned a function, which JSON cannot carry');
    }
    return toJson(value);
  }

  #compile(source: string): Expression {
    let compiled = this.#compiled.get(source);
    if (compiled === undefined) {
      compiled = jsonata(source, { timeout: EVALUATION_TIMEOUT_MS });
      registerStepFunctions(compiled, this.#random);
      this.#compiled.set(source, compiled);
    }
    return compiled;
  }
}

/** The JSONata source of `{% source %}`; undefined for a string that is not an expression. */
export function expressionSource(text: string): string | undefined {
  return text.length >= 4 && text.startsWith('{%') && text.endsWith('%}')
    ? text.slice(2, -2).trim()
    : undefined;
}

function containsFunction(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  // Its own functions and lambdas are objects with these marks, whose insides are endless.
  if ('_jsonata_function' in value || '_jsonata_lambda' in value) return true;
  return Object.values(value).some(containsFunction);
}

/** The error of an expression or of its value, named as Step Functions names it. */
function evaluationError(
  where: string,
  source: string,
  problem: string,
  cause?: unknown,
): StateError {
  return new StateError(
    'States.QueryEvaluationError',
    `The JSONata expression '${source}' specified for the field '${where}' ${problem}.`,
    { cause },
  );
}
