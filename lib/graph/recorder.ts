import * as tf from '@tensorflow/tfjs-core';
import { blankMaker } from './blank.ts';
import { Constants } from './constants.ts';
import { UntraceableError } from './errors.ts';
import {
  type AttributeValue,
  type ConstantValue,
  dataTypes,
  elementTypeOf,
  type GraphNode,
} from './graph-definition.ts';
import { intercept } from './interception.ts';
import { type NativeBackend, nativeBackend, type OperationAttribute } from './native-backend.ts';
import { nodeAttributes } from './node-attributes.ts';
import { type InPlaceUpdate, isRecording, type Recording, within } from './recording.ts';
import type { TensorSpec } from './specification.ts';

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

/** The name of the node that is a variable's handle; all steps of a program share it. */
export function handleName(variable: string): string {
  return `variables/${variable}`;
}

/** Operations that draw from hidden state, or whose output shape depends on values. */
const refusedOperations = new Map([
  ['Multinomial', 'it draws random numbers from hidden state; use lib/graph/random.ts'],
  ['UniqueV2', 'the shape of its result depends on values'],
  ['Where', 'the shape of its result depends on values'],
  ['NonMaxSuppressionV3', 'the shape of its result depends on values'],
]);

/** Notes every operation that the native backend executes while a step runs, as nodes of a graph. */
export class Recorder implements Recording {
  readonly nodes: GraphNode[] = [];
  readonly #step: string;
  readonly #backend: NativeBackend = nativeBackend();
  /** Does not listen to itself. */
  readonly #makeBlank = blankMaker();
  readonly #states = new Map<tf.Variable, VariableState>();
  /** `node:output` that gives a tensor's data. */
  readonly #producers = new Map<tf.DataId, string>();
  /** Variables by the data they hold and that no node has read yet. */
  readonly #unread = new Map<tf.DataId, VariableState>();
  /** Data that the graph cannot give any more, and why. */
  readonly #unusable = new Map<tf.DataId, string>();
  readonly #constants: Constants;
  readonly #constantNodes = new Map<ConstantValue, string>();
  /** Nodes that the operations executed now must run after. */
  #after: readonly string[] = [];

  constructor(step: string, variables: Readonly<Record<string, tf.Variable>>) {
    this.#step = step;
    this.#constants = new Constants(step, this.#backend);
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
    if (isRecording()) {
      throw new UntraceableError(
        `Step ${this.#step} is recorded inside another step that is being recorded; record one after the other.`,
      );
    }
    const restore = intercept(this.#backend, this.#step, (...executed) => this.#note(...executed));
    try {
      return within(this, body);
    } finally {
      restore();
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
    return this.#within([nodeOf(this.#reference(previous))], body);
  }

  afterUpdates<T>(body: () => T): T {
    return this.#within(this.#writes(), body);
  }

  #within<T>(after: readonly string[], body: () => T): T {
    const outer = this.#after;
    this.#after = [...outer, ...after];
    try {
      return body();
    } finally {
      this.#after = outer;
    }
  }

  updateInPlace({ operation, attributes, variables, operands }: InPlaceUpdate): void {
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
    for (const state of states) {
      // Stands for the new value, which nothing can read while the step is recorded.
      const updated = this.#makeBlank(
        state.variable.shape,
        elementTypeOf(this.#backend.tensorMap.get(state.held).dtype),
      );
      state.variable.assign(updated);
      updated.dispose();
      if (this.#unread.delete(state.held)) {
        this.#unusable.set(
          state.held,
          `it is the value of variable ${state.name} from before an update in place; read the variable before that update`,
        );
      }
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
    const constant = this.#constants.capture(dataId);
    const known = this.#constantNodes.get(constant);
    if (known !== undefined) return known;
    const reference = `${this.#add('Const', undefined, [], {
      dtype: { kind: 'type', value: dataTypes[constant.dtype] },
      value: { kind: 'constant', value: constant },
    })}:0`;
    this.#constantNodes.set(constant, reference);
    return reference;
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
