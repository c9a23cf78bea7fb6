import * as tf from '@tensorflow/tfjs-core';
import { PipelineError } from '#lib/contracts/errors.ts';
import type { Program, ProgramOptions, Steps } from './program.ts';
import {
  checkNames,
  checkValues,
  type NamedTensors,
  type TensorSpec,
  type TensorValues,
  unknownStep,
  unknownVariable,
  variableSpecs,
} from './specification.ts';

/** A program whose steps are executed operation by operation on the `tf.Variable`s themselves. */
export class EagerProgram implements Program {
  readonly runsEagerly = true;
  readonly variables: Readonly<Record<string, TensorSpec>>;
  readonly #options: ProgramOptions<Steps>;

  constructor(options: ProgramOptions<Steps>) {
    this.#options = options;
    this.variables = variableSpecs(options.variables);
  }

  run(name: string, inputs: Readonly<Record<string, TensorValues>>): Record<string, TensorValues> {
    const { steps } = this.#options;
    const step = steps[name];
    if (step === undefined) throw unknownStep(name, Object.keys(steps));
    const specs = step.inputs as Record<string, TensorSpec>;
    checkNames(`Inputs of step ${name}`, specs, inputs);
    const values: Record<string, TensorValues> = {};
    tf.tidy(() => {
      const tensors: NamedTensors = {};
      for (const [input, spec] of Object.entries(specs)) {
        const values = checkValues(`Input ${input} of step ${name}`, spec, inputs[input]);
        // A copy: a variable that the step sets to an input must not change with the caller's array.
        tensors[input] = tf.tensor(values.slice(), [...spec.shape], spec.dtype);
      }
      const outputs = this.#execute(() => step.run(tensors) as NamedTensors);
      for (const [output, tensor] of Object.entries(outputs)) {
        values[output] = (tensor.dataSync() as TensorValues).slice();
      }
    });
    return values;
  }

  readVariables(names = Object.keys(this.variables)): Record<string, TensorValues> {
    return Object.fromEntries(
      names.map((name) => [name, (this.#variable(name).dataSync() as TensorValues).slice()]),
    );
  }

  writeVariables(values: Readonly<Record<string, TensorValues>>): void {
    const checked = Object.entries(values).map(([name, given]) => {
      const variable = this.#variable(name);
      return { variable, given: checkValues(`Variable ${name}`, this.variables[name]!, given) };
    });
    for (const { variable, given } of checked) {
      const tensor = tf.tensor(given.slice(), variable.shape, variable.dtype);
      variable.assign(tensor);
      tensor.dispose();
    }
  }

  dispose(): void {
    if (!this.#options.ownsVariables) return;
    for (const variable of Object.values(this.#options.variables)) variable.dispose();
  }

  #variable(name: string): tf.Variable {
    const variable = this.#options.variables[name];
    if (variable === undefined) throw unknownVariable(name, this.variables);
    return variable;
  }

  #execute(body: () => NamedTensors): NamedTensors {
    try {
      return body();
    } catch (cause) {
      if (cause instanceof PipelineError) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new PipelineError('GraphFailed', `The step failed: ${message}`, { cause });
    }
  }
}
