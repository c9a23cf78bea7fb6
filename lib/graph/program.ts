import type * as tf from '@tensorflow/tfjs-core';
import type {
  NamedTensors,
  StepDefinition,
  TensorSpec,
  TensorSpecs,
  TensorValues,
} from './specification.ts';

/** The steps of a program by name. */
// biome-ignore lint/suspicious/noExplicitAny: a step takes its own inputs only, so no narrower type fits them all.
export type Steps = Readonly<Record<string, StepDefinition<any, any>>>;

/** Values for a step's inputs. */
export type InputsOf<Step> =
  // biome-ignore lint/suspicious/noExplicitAny: matches every step.
  Step extends StepDefinition<infer Inputs, any>
    ? { readonly [Name in keyof Inputs]: TensorValues }
    : never;

/** Values of a step's outputs. */
export type OutputsOf<Step> =
  // biome-ignore lint/suspicious/noExplicitAny: matches every step.
  Step extends StepDefinition<any, infer Outputs>
    ? { readonly [Name in keyof Outputs]: TensorValues }
    : never;

/** Steps over shared variables. */
export interface Program<S extends Steps = Steps> {
  /** Whether the steps are executed operation by operation. */
  readonly runsEagerly: boolean;
  /** The variables' shapes and element types. */
  readonly variables: Readonly<Record<string, TensorSpec>>;
  /**
   * Runs one step.
   * @returns the outputs' values in row-major order, in arrays of the caller's own.
   * @throws {ValidationError} if an input is missing, unknown, or of another size or type than the step's.
   * @throws {PipelineError} `GraphFailed` if an operation fails (an index out of range).
   */
  run<Name extends keyof S & string>(step: Name, inputs: InputsOf<S[Name]>): OutputsOf<S[Name]>;
  /** The variables' present values, of all or of those named. */
  readVariables(names?: readonly string[]): Record<string, TensorValues>;
  /**
   * Sets variables; those not named keep their values.
   * @throws {ValidationError} if a variable is unknown or the values do not fit it.
   */
  writeVariables(values: Readonly<Record<string, TensorValues>>): void;
  /** Frees the session. */
  dispose(): void;
}

export interface ProgramOptions<S extends Steps> {
  /** Every variable that a step reads or assigns, by the name it has in checkpoints. */
  readonly variables: Readonly<Record<string, tf.Variable>>;
  readonly steps: S;
  /** Execute operation by operation instead of as a graph: the reference that the graph is checked against. */
  readonly runEagerly?: boolean;
  /**
   * Dispose of the `tf.Variable`s once their values are in the session (an eager program: in `dispose`), so that
   * large weights exist once. By default they stay, with their values from before.
   */
  readonly ownsVariables?: boolean;
  /**
   * What variables of a graph begin with, in place of the values that they have. Asked for one at a time once the steps are recorded
   * and these variables, where they are owned, are gone, and read before the next is asked for: large weights never exist twice,
   * and the same memory may serve for all.
   */
  readonly initial?: ReadonlyMap<string, () => TensorValues>;
}

/** A step's definition; gives `compile` the names of its inputs and outputs. */
export function step<Inputs extends TensorSpecs, Outputs extends NamedTensors>(
  definition: StepDefinition<Inputs, Outputs>,
): StepDefinition<Inputs, Outputs> {
  return definition;
}
