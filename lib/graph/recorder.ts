import * as tf from '@tensorflow/tfjs-core';
import { UntraceableError } from './errors.ts';
import {
  type AttributeValue,
  dataTypes,
  elementTypeOf,
  type GraphNode,
} from './graph-definition.ts';
import { intercept } from './interception.ts';
import { type NativeBackend, nativeBackend, type OperationAttribute } from './native-backend.ts';
import type { TensorSpec, TensorValues } from './specification.ts';

/** A session variable while a step is recorded. */
interface VariableState {
  readonly name: string;
  readonly variable: tf.Variable;
  /** The data that the session variable holds at this point of the step. */
  held: tf.DataId;
  /** The node that last wrote it in this step. */
  lastWrite?: string;
  /** The nodes that read it since. */
  reads: string[];
}

/** An in-place update of variables by one operation of TensorFlow (`ResourceApplyAdam`). */
export interface InPlaceUpdate {
  readonly operation: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Their handles are the operation's first inputs. */
  readonly variables: readonly tf.Variable[];
  /** The inputs that follow. */
  readonly operands: readonly tf.Tensor[];
  /** The same update written with ordinary operations that end in `variable.assign`. */
  readonly eager: () => void;
}

/** The name of the node that is a variable's handle; all steps of a program share it. */
export function handleName(variable: string): string {
  return `variables/${variable}`;
}

/** Constants of one step together; TensorFlow reads no graph of 2 GiB or more. */
const constantBytesLimit = 2 ** 30;

/** Operations that draw from hidden state, or whose output shape depends on values. */
const refusedOperations = new Map([
  ['Multinomial', 'it draws random numbers from hidden state; use lib/graph/random.ts'],
  ['UniqueV2', 'the shape of its result depends on values'],
  ['Where', 'the shape of its result depends on values'],
  ['NonMaxSuppressionV3', 'the shape of its result depends on values'],
]);

/** The recorder whose step runs now. A step is synchronous, so there is at most one. */
let active: Recorder | undefined;

/**
 * Updates variables in place where a step is recorded, and by ordinary operations elsewhere. Values of the
 * variables that were taken before and not yet used cannot be used after it in a recorded step.
 */
export function updateInPlace(update: InPlaceUpdate): void {
  if (active === undefined) update.eager();
  else active.updateInPlace(update);
}

/**
 * Runs `body`; in a recorded step, its operations run after the one that computed `previous`, although they do not
 * use it. Without that, TensorFlow may compute all that is possible at once, and hold all of it in memory.
 */
export function runAfter<T>(previous: tf.Tensor | undefined, body: () => T): T {
  if (active === undefined || previous === undefined) return body();
  return active.runAfter(previous, body);
}

/** Notes every operation that the native backend executes while a step runs, as nodes of a graph. */
export class Recorder {
  readonly nodes: GraphNode[] = [];
  readonly #step: string;
  readonly #backend: NativeBackend = nativeBackend();
  readonly #states = new Map<tf.Variable, VariableState>();
  /** `node:output` that gives a tensor's data. */
  readonly #producers = new Map<tf.DataId, string>();
  /** Variables by the data they hold and that no node has read yet. */
  readonly #unread = new Map<tf.DataId, VariableState>();
  /** Data that the graph cannot give, and why. */
  readonly #unusable = new Map<tf.DataId, string>();
  readonly #smallConstants = new Map<string, string>();
  #constantBytes = 0;
  #paused = false;
  /** Nodes that the operations executed now must run after. */
  #after: readonly string[] = [];

  constructor(step: string, variables: Readonly<Record<string, tf.Variable>>) {
    this.#step = step;
    for (const [name, variable] of Object.entries(variables)) {
      const state: VariableState = { name, variable, held: variable.dataId, reads: [] };
      this.#states.set(variable, state);
      this.#unread.set(variable.dataId, state);
    }
  }

  /** Declares a tensor that is fed on each run. */
  addInput(name: string, spec: TensorSpec, tensor: tf.Tensor): void {
    const node = this.#add('Placeholder', `input/${name}`, [], {
      dtype: { kind: 'type', value: dataTypes[spec.dtype] },
      shape: { kind: 'shape', value: spec.shape },
    });
    this.#producers.set(tensor.dataId, `${node}:0`);
  }

  /** Runs `body` as usual and notes what it executes. */
  record<T>(body: () => T): T {
    if (active !== undefined) {
      throw new UntraceableError(
        `Step ${this.#step} is recorded inside another step that is being recorded; record one after the other.`,
      );
    }
    active = this;
    const restore = intercept(this.#backend, this.#step, (...executed) => this.#note(...executed));
    try {
      return body();
    } finally {
      restore();
      active = undefined;
    }
  }

  /** Writes the variables' new values at the end of the step. */
  assignVariables(): void {
    for (const state of this.#states.values()) this.#flush(state);
  }

  /** Declares an output, to be called after `assignVariables`: it is given once every variable is written. */
  addOutput(name: string, tensor: tf.Tensor): string {
    const source = this.#reference(tensor);
    const dtype = this.#backend.tensorMap.get(tensor.dataId).dtype;
    return this.#add(
      'Identity',
      `output/${name}`,
      [source],
      { T: { kind: 'type', value: dtype } },
      this.#writes(),
    );
  }

  /** A node to fetch from a step without outputs: it has run once every variable is written. */
  addCompletion(): string {
    const value = { dtype: 'int32', shape: [], values: Int32Array.of(0) } as const;
    return this.#add(
      'Const',
      'done',
      [],
      {
        dtype: { kind: 'type', value: dataTypes.int32 },
        value: { kind: 'constant', value },
      },
      this.#writes(),
    );
  }

  runAfter<T>(previous: tf.Tensor, body: () => T): T {
    const outer = this.#after;
    this.#after = [...outer, nodeOf(this.#reference(previous))];
    try {
      return body();
    } finally {
      this.#after = outer;
    }
  }

  updateInPlace({ operation, attributes, variables, operands, eager }: InPlaceUpdate): void {
    const states = variables.map((variable) => {
      const state = this.#states.get(variable);
      if (state === undefined) throw this.#undeclared(variable.name);
      this.#flush(state);
      return state;
    });
    const inputs = [
      ...states.map(({ name }) => `${handleName(name)}:0`),
      ...operands.map((operand) => this.#reference(operand)),
    ];
    const after = states.flatMap(orderAfter);
    const node = this.#add(operation, undefined, inputs, attributes, after);
    this.#paused = true;
    try {
      eager();
    } finally {
      this.#paused = false;
    }
    for (const state of states) {
      if (this.#unread.delete(state.held)) {
        this.#unusable.set(
          state.held,
          `it is the value of variable ${state.name} from before an update in place; read the variable before that update`,
        );
      }
      this.#unusable.delete(state.variable.dataId);
      this.#wrote(state, node);
      this.#unread.set(state.held, state);
    }
  }

  #note(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly tf.TensorInfo[],
    execute: () => tf.Tensor[],
  ): tf.Tensor[] {
    if (this.#paused) {
      const outputs = execute();
      for (const { dataId } of outputs) {
        this.#unusable.set(dataId, 'it is an intermediate result of an update in place');
      }
      return outputs;
    }
    const refusal = refusedOperations.get(operation);
    if (refusal !== undefined) {
      throw new UntraceableError(
        `Step ${this.#step} executes ${operation}, which cannot be recorded: ${refusal}.`,
      );
    }
    // Before the execution: an input's data may be released by it.
    const sources = inputs.map((input) => this.#reference(input));
    const types = inputs.map((input) => this.#backend.tensorMap.get(input.dataId).dtype);
    const outputs = execute();
    const node = this.#add(
      operation,
      undefined,
      sources,
      nodeAttributes(operation, attributes, types, this.#backend),
      this.#after,
    );
    for (const [index, output] of outputs.entries()) {
      this.#producers.set(output.dataId, `${node}:${index}`);
    }
    return outputs;
  }

  /** `node:output` that gives the tensor's data: an operation, an input, a variable, or else a constant. */
  #reference(tensor: tf.TensorInfo): string {
    const { dataId } = tensor;
    if (dataId === undefined) {
      throw new UntraceableError(
        `Step ${this.#step} uses a 64-bit integer, which cannot be recorded; use int32.`,
      );
    }
    const producer = this.#producers.get(dataId);
    if (producer !== undefined) return producer;
    const state = this.#unread.get(dataId);
    const reference = state === undefined ? this.#constant(tensor) : this.#read(state);
    this.#producers.set(dataId, reference);
    return reference;
  }

  #read(state: VariableState): string {
    const node = this.#add(
      'ReadVariableOp',
      undefined,
      [`${handleName(state.name)}:0`],
      { dtype: { kind: 'type', value: this.#backend.tensorMap.get(state.held).dtype } },
      state.lastWrite === undefined ? [] : [state.lastWrite],
    );
    state.reads.push(node);
    this.#unread.delete(state.held);
    return `${node}:0`;
  }

  #constant({ dataId }: tf.TensorInfo): string {
    const unusable = this.#unusable.get(dataId);
    if (unusable !== undefined) {
      throw new UntraceableError(
        `Step ${this.#step} uses a tensor that cannot be recorded: ${unusable}.`,
      );
    }
    for (const variable of Object.values(tf.engine().registeredVariables)) {
      if (variable.dataId === dataId) throw this.#undeclared(variable.name);
    }
    const { shape, dtype: dataType } = this.#backend.tensorMap.get(dataId);
    const dtype = elementTypeOf(dataType);
    if (dtype === undefined) {
      throw new UntraceableError(
        `Step ${this.#step} uses a constant of TensorFlow data type ${dataType}; only float32, int32 and bool can be recorded.`,
      );
    }
    const values = this.#backend.readSync(dataId) as TensorValues;
    const key = values.length <= 64 ? `${dtype} [${shape}] ${hexadecimal(values)}` : undefined;
    const known = key === undefined ? undefined : this.#smallConstants.get(key);
    if (known !== undefined) return known;
    this.#constantBytes += values.byteLength;
    if (this.#constantBytes > constantBytesLimit) {
      throw new UntraceableError(
        `Step ${this.#step} captures more than ${constantBytesLimit / 2 ** 20} MiB of constants, the last of shape [${shape}]; make large tensors inputs or variables.`,
      );
    }
    const node = this.#add('Const', undefined, [], {
      dtype: { kind: 'type', value: dataType },
      // A copy: the array may be the caller's own.
      value: { kind: 'constant', value: { dtype, shape: [...shape], values: values.slice() } },
    });
    if (key !== undefined) this.#smallConstants.set(key, `${node}:0`);
    return `${node}:0`;
  }

  /** Writes the variable if the step has assigned another value than it holds. */
  #flush(state: VariableState): void {
    const { variable } = state;
    if (variable.dataId === state.held) return;
    const source = this.#reference(variable);
    // The step may still use the value that is overwritten here (two variables that swap theirs).
    if (this.#unread.has(state.held)) this.#producers.set(state.held, this.#read(state));
    const dataType = this.#backend.tensorMap.get(variable.dataId).dtype;
    const node = this.#add(
      'AssignVariableOp',
      undefined,
      [`${handleName(state.name)}:0`, source],
      { dtype: { kind: 'type', value: dataType } },
      orderAfter(state),
    );
    this.#wrote(state, node);
  }

  #wrote(state: VariableState, node: string): void {
    state.held = state.variable.dataId;
    state.lastWrite = node;
    state.reads = [];
  }

  #writes(): string[] {
    return [...this.#states.values()].flatMap(({ lastWrite }) => lastWrite ?? []);
  }

  #undeclared(variable: string): UntraceableError {
    return new UntraceableError(
      `Step ${this.#step} uses variable ${variable}, which is not among the program's variables; add it to them.`,
    );
  }

  #add(
    operation: string,
    name: string | undefined,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    after: readonly string[] = [],
  ): string {
    const fullName = `${this.#step}/${name ?? `${this.nodes.length}-${operation}`}`;
    this.nodes.push({ name: fullName, operation, inputs, attributes, after });
    return fullName;
  }
}

/** What must have run before the variable is written. */
function orderAfter({ reads, lastWrite }: VariableState): string[] {
  return lastWrite === undefined ? reads : [...reads, lastWrite];
}

/** The node of `node:output`. */
function nodeOf(reference: string): string {
  return reference.slice(0, reference.lastIndexOf(':'));
}

function hexadecimal(values: TensorValues): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');
}

/** A node's attributes; those that the eager interface infers from the inputs are added. */
function nodeAttributes(
  operation: string,
  attributes: readonly OperationAttribute[],
  inputTypes: readonly number[],
  backend: NativeBackend,
): Record<string, AttributeValue> {
  const result: Record<string, AttributeValue> = {};
  for (const attribute of attributes) result[attribute.name] = attributeValue(attribute, backend);
  // The one operation of tfjs-node whose kernel leaves out an attribute without a default.
  if (operation === 'ExpandDims') result.T ??= { kind: 'type', value: inputTypes[0]! };
  return result;
}

function attributeValue(
  { name, type, value }: OperationAttribute,
  { binding }: NativeBackend,
): AttributeValue {
  if (type === binding.TF_ATTR_SHAPE) return { kind: 'shape', value: value as number[] };
  if (Array.isArray(value)) {
    if (type === binding.TF_ATTR_BOOL) return { kind: 'booleans', value: value as boolean[] };
    if (type === binding.TF_ATTR_INT) return { kind: 'integers', value: value as number[] };
    if (type === binding.TF_ATTR_FLOAT) return { kind: 'floats', value: value as number[] };
  } else {
    if (type === binding.TF_ATTR_STRING) return { kind: 'string', value: String(value) };
    if (type === binding.TF_ATTR_BOOL) return { kind: 'boolean', value: Boolean(value) };
    if (type === binding.TF_ATTR_INT) return { kind: 'integer', value: Number(value) };
    if (type === binding.TF_ATTR_FLOAT) return { kind: 'float', value: Number(value) };
    if (type === binding.TF_ATTR_TYPE) return { kind: 'type', value: Number(value) };
  }
  throw new UntraceableError(`Attribute ${name} of kind ${type} cannot be recorded.`);
}
