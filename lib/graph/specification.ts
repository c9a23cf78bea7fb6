import type * as tf from '@tensorflow/tfjs-core';
import { ValidationError } from '#lib/contracts/errors.ts';

/** The element types that enter and leave a program. */
export type ElementType = 'float32' | 'int32' | 'bool';

/** Shape and element type of a tensor; the shape is fixed, there is one graph per shape. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}

/** A tensor's values in row-major order: float32, int32, or 0 and 1 for bool. */
export type TensorValues = Float32Array | Int32Array | Uint8Array;

export type TensorSpecs = Readonly<Record<string, TensorSpec>>;
export type NamedTensors = Record<string, tf.Tensor>;

/**
 * One step: a function of named input tensors to named output tensors. It may read and assign the program's
 * variables. It must be a function of its inputs and variables alone: it may not read a tensor's values, draw
 * random numbers in JavaScript or depend on changing JavaScript state.
 */
export interface StepDefinition<
  Inputs extends TensorSpecs = TensorSpecs,
  Outputs extends NamedTensors = NamedTensors,
> {
  readonly inputs: Inputs;
  readonly run: (inputs: { [Name in keyof Inputs]: tf.Tensor }) => Outputs;
}

/** The typed array that holds values of an element type. */
const arrayTypes = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** TensorFlow's names of nodes, which our names become part of. */
const legalName = /^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$/;

/** @throws {ValidationError} if `name` cannot be part of the name of a graph node. */
export function checkName(kind: string, name: string): void {
  if (!legalName.test(name)) {
    throw new ValidationError(
      `The ${kind} name '${name}' cannot name a graph node; use letters, digits, and . _ - / after the first character.`,
    );
  }
}

/** @throws {ValidationError} if a dimension is not a whole number from 0 up or the element type is unknown. */
export function checkSpec(what: string, spec: TensorSpec): void {
  if (!(spec.dtype in arrayTypes)) {
    throw new ValidationError(
      `${what} has element type ${String(spec.dtype)}; use one of ${Object.keys(arrayTypes).join(', ')}.`,
    );
  }
  if (spec.shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw new ValidationError(
      `${what} has shape [${spec.shape}]; every dimension must be a whole number from 0 up, known when the step is recorded.`,
    );
  }
}

/** Number of elements of a shape. */
function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Values that are written or read in one run, at most: then they exist twice. A larger variable is alone. */
const groupValues = 2 ** 22;

/**
 * Names of variables in groups that are read or written together, in their order. TensorFlow looks through the whole graph
 * for every new set of nodes that it is asked for, which takes longer than small variables do.
 */
export function inGroups(specs: TensorSpecs): string[][] {
  const groups: string[][] = [];
  let left = 0;
  for (const [name, { shape }] of Object.entries(specs)) {
    const size = elementCount(shape);
    if (groups.length === 0 || size > left) {
      groups.push([]);
      left = groupValues;
    }
    groups.at(-1)!.push(name);
    left -= size;
  }
  return groups;
}

/** An array of zeros for a tensor. */
export function emptyValues(spec: TensorSpec): TensorValues {
  return new arrayTypes[spec.dtype](elementCount(spec.shape));
}

/** @throws {ValidationError} if the values do not fit the spec; the message names `what`. */
export function checkValues(what: string, spec: TensorSpec, values: unknown): TensorValues {
  const expected = arrayTypes[spec.dtype];
  const count = elementCount(spec.shape);
  if (values instanceof expected && values.length === count) return values;
  const got = ArrayBuffer.isView(values)
    ? `${values.constructor.name} of ${(values as TensorValues).length}`
    : values === undefined
      ? 'nothing'
      : typeof values;
  throw new ValidationError(
    `${what} must be a ${expected.name} of ${count} values (shape [${spec.shape.join(', ')}]), but got ${got}.`,
  );
}

/** @throws {ValidationError} unless `given` has exactly the names of `expected`. */
export function checkNames(
  what: string,
  expected: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): void {
  const missing = Object.keys(expected).filter((name) => !(name in given));
  const unknown = Object.keys(given).filter((name) => !(name in expected));
  if (missing.length === 0 && unknown.length === 0) return;
  const parts = [
    missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
    unknown.length > 0 ? `unknown: ${unknown.join(', ')}` : '',
  ].filter((part) => part !== '');
  throw new ValidationError(
    `${what}: ${parts.join('; ')}. Expected ${Object.keys(expected).join(', ') || 'none'}.`,
  );
}

/** The specs of variables. */
export function variableSpecs(
  variables: Readonly<Record<string, tf.Variable>>,
): Record<string, TensorSpec> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, { shape, dtype }]) => {
      const spec = { shape: [...shape], dtype: dtype as ElementType };
      checkName('variable', name);
      checkSpec(`Variable ${name}`, spec);
      return [name, spec];
    }),
  );
}

export function unknownStep(name: string, known: readonly string[]): ValidationError {
  return new ValidationError(`There is no step ${name}; the program has ${known.join(', ')}.`);
}

export function unknownVariable(
  name: string,
  known: Readonly<Record<string, TensorSpec>>,
): ValidationError {
  return new ValidationError(
    `There is no variable ${name}; the program has ${Object.keys(known).join(', ')}.`,
  );
}
