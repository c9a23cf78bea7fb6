import * as tf from '@tensorflow/tfjs-core';
import { UntraceableError } from './errors.ts';
import type { NativeBackend, OperationAttribute } from './native-backend.ts';

/** Called in place of an execution; `execute` is the execution as usual. */
export type ExecutionListener = (
  operation: string,
  attributes: readonly OperationAttribute[],
  inputs: readonly tf.TensorInfo[],
  execute: () => tf.Tensor[],
) => tf.Tensor[];

/** Functions of TensorFlow.js that draw random numbers in JavaScript. */
const randomFunctions = new Set([
  'dropout',
  'randomUniform',
  'randomUniformInt',
  'randomNormal',
  'randomStandardNormal',
  'truncatedNormal',
  'randomGamma',
  'rand',
  'multinomial',
]);

/**
 * Listens to what the backend executes, and makes errors of what a recording would silently freeze: values read in
 * JavaScript and random numbers drawn there.
 *
 * The methods are replaced on the instances (backend, engine, `Math`), not on their classes, until the returned
 * function is called.
 */
export function intercept(
  backend: NativeBackend,
  step: string,
  onExecute: ExecutionListener,
): () => void {
  const engine = tf.engine();
  const executeSingleOutput = backend.executeSingleOutput.bind(backend);
  const executeMultipleOutputs = backend.executeMultipleOutputs.bind(backend);
  const startScope = engine.startScope.bind(engine);
  const restorers = [
    replace(backend, 'executeSingleOutput', (name, attributes, inputs) => {
      const execute = () => [executeSingleOutput(name, attributes, inputs)];
      return onExecute(name, attributes, inputs, execute)[0]!;
    }),
    replace(backend, 'executeMultipleOutputs', (name, attributes, inputs, outputs) =>
      onExecute(name, attributes, inputs, () =>
        executeMultipleOutputs(name, attributes, inputs, outputs),
      ),
    ),
    // Kernels call the backend's own `readSync` to check indices; what a step calls goes through the engine.
    replace(engine, 'readSync', () => {
      throw valueRead(step);
    }),
    replace(engine, 'read', () => {
      throw valueRead(step);
    }),
    replace(engine, 'startScope', (name?: string) => {
      const operation = name?.endsWith('__op') ? name.slice(0, -'__op'.length) : undefined;
      if (operation !== undefined && randomFunctions.has(operation)) {
        throw new UntraceableError(
          `Step ${step} calls tf.${operation}, whose random numbers are drawn in JavaScript and would be the same on every run; use ${operation === 'dropout' ? 'dropout' : 'randomUniform'} of lib/graph/random.ts with a seed that is an input.`,
        );
      }
      startScope(name);
    }),
    replace(Math, 'random', () => {
      throw new UntraceableError(
        `Step ${step} calls Math.random, whose value would be the same on every run; use lib/graph/random.ts with a seed that is an input.`,
      );
    }),
  ];
  return () => {
    for (const restore of restorers) restore();
  };
}

function valueRead(step: string): UntraceableError {
  return new UntraceableError(
    `Step ${step} reads a tensor's values (dataSync, arraySync, data, array or buffer); a recorded step runs without them. Return the tensor as an output, or compute with tensor operations.`,
  );
}

/** Shadows a method on one object; the returned function undoes it. */
function replace<T extends object, K extends keyof T>(
  object: T,
  name: K,
  method: T[K],
): () => void {
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value: method, configurable: true, writable: true });
  return () => {
    if (own === undefined) delete object[name];
    else Object.defineProperty(object, name, own);
  };
}
