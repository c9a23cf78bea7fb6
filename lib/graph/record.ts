import * as tf from '@tensorflow/tfjs-core';
import { ContractError } from '#lib/contracts/errors.ts';
import { UntraceableError } from './errors.ts';
import { elementTypeOf, type GraphNode } from './graph-definition.ts';
import { nativeBackend } from './native-backend.ts';
import { Recorder } from './recorder.ts';
import {
  checkName,
  checkSpec,
  type NamedTensors,
  type StepDefinition,
  type TensorSpec,
  type TensorSpecs,
  type TensorValues,
} from './specification.ts';

/** A step as nodes of a graph. The nodes of several steps over the same variables can share one graph. */
export interface RecordedStep {
  readonly name: string;
  readonly inputs: TensorSpecs;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
  /** Names of nodes by output, in the order of `outputs`. */
  readonly outputNodes: Readonly<Record<string, string>>;
  /** The node that has run once all variables are written; what a step without outputs fetches. */
  readonly completionNode: string;
  readonly nodes: readonly GraphNode[];
}

/**
 * Records a step: runs it on zeros and notes the operations. The variables have their values again afterwards.
 *
 * The step is recorded twice, and both recordings must be the same: what depends on changing JavaScript state (a
 * counter, the time, a cache filled by the first run) would otherwise become a constant unnoticed.
 *
 * @throws {UntraceableError} if the step does something that a graph cannot repeat.
 * @throws {ValidationError} if a name or a shape cannot be part of a graph.
 */
export function record(
  name: string,
  definition: StepDefinition,
  variables: Readonly<Record<string, tf.Variable>>,
): RecordedStep {
  checkName('step', name);
  for (const [input, spec] of Object.entries(definition.inputs)) {
    checkName('input', input);
    checkSpec(`Input ${input} of step ${name}`, spec);
  }
  for (const variable of Object.keys(variables)) checkName('variable', variable);
  for (const variable of Object.values(variables)) ownData(variable);
  const first = recordOnce(name, definition, variables);
  const second = recordOnce(name, definition, variables);
  const difference = findDifference(first.nodes, second.nodes);
  if (difference !== undefined) {
    throw new UntraceableError(
      `Step ${name} is not the same when it runs again: ${difference}. It depends on changing JavaScript state (a counter, the time, a cache, a random number); make that an input or a variable.`,
    );
  }
  return first;
}

function recordOnce(
  name: string,
  definition: StepDefinition,
  variables: Readonly<Record<string, tf.Variable>>,
): RecordedStep {
  const before = Object.values(variables).map((variable) => tf.keep(tf.clone(variable)));
  try {
    let recorded: RecordedStep | undefined;
    tf.tidy(() => {
      const recorder = new Recorder(name, variables);
      const inputs: NamedTensors = {};
      for (const [input, spec] of Object.entries(definition.inputs)) {
        inputs[input] = tf.zeros([...spec.shape], spec.dtype);
        recorder.addInput(input, spec, inputs[input]);
      }
      const tensors = recorder.record(() => definition.run(inputs));
      checkOutputs(name, tensors);
      recorder.assignVariables();
      const outputs: Record<string, TensorSpec> = {};
      const outputNodes: Record<string, string> = {};
      for (const [output, tensor] of Object.entries(tensors)) {
        outputNodes[output] = recorder.addOutput(output, tensor);
        outputs[output] = outputSpec(tensor);
      }
      const completionNode = recorder.addCompletion();
      const { nodes } = recorder;
      recorded = { name, inputs: definition.inputs, outputs, outputNodes, completionNode, nodes };
    });
    return recorded!;
  } finally {
    for (const [index, variable] of Object.values(variables).entries()) {
      variable.assign(before[index]!);
      before[index]!.dispose();
    }
  }
}

/** Gives the variable data of its own: one that shares its data with another tensor could be taken for that one. */
function ownData(variable: tf.Variable): void {
  const backend = nativeBackend();
  if (backend.refCount(variable.dataId) === 1) return;
  const values = backend.readSync(variable.dataId) as TensorValues;
  const copy = tf.tensor(values.slice(), variable.shape, variable.dtype);
  variable.assign(copy);
  copy.dispose();
}

function checkOutputs(step: string, outputs: unknown): asserts outputs is NamedTensors {
  if (outputs instanceof Promise) {
    throw new UntraceableError(
      `Step ${step} is asynchronous; a step must return its outputs at once.`,
    );
  }
  if (typeof outputs !== 'object' || outputs === null) {
    throw new UntraceableError(
      `Step ${step} must return an object of tensors by name, but returned ${String(outputs)}.`,
    );
  }
  for (const [name, tensor] of Object.entries(outputs)) {
    checkName('output', name);
    if (!(tensor instanceof tf.Tensor)) {
      throw new UntraceableError(`Output ${name} of step ${step} is not a tensor.`);
    }
  }
}

function outputSpec(tensor: tf.Tensor): TensorSpec {
  const dtype = elementTypeOf(nativeBackend().tensorMap.get(tensor.dataId).dtype);
  if (dtype === undefined) {
    throw new ContractError(`An output has data type ${tensor.dtype}, which cannot be fetched.`);
  }
  return { shape: [...tensor.shape], dtype };
}

/** The first difference of two recordings in words; undefined if there is none. */
function findDifference(a: readonly GraphNode[], b: readonly GraphNode[]): string | undefined {
  for (const [index, node] of a.entries()) {
    const other = b[index];
    if (other?.name !== node.name) {
      return `operation ${index} is ${node.operation}, then ${other?.operation ?? 'missing'}`;
    }
    if (!sameAttributes(node, other)) {
      return node.operation === 'Const'
        ? `a constant of shape [${constantShape(node)}] has other values (node ${node.name})`
        : `the attributes of ${node.name} differ`;
    }
    if (`${node.inputs}` !== `${other.inputs}`) return `the inputs of ${node.name} differ`;
  }
  return b.length > a.length ? `it executes ${b.length - a.length} more operations` : undefined;
}

function constantShape(node: GraphNode): string {
  const value = node.attributes.value;
  return value?.kind === 'constant' ? value.value.shape.join(', ') : '';
}

function sameAttributes(a: GraphNode, b: GraphNode): boolean {
  return Object.entries(a.attributes).every(([name, attribute]) => {
    const other = b.attributes[name];
    if (attribute.kind !== 'constant') return JSON.stringify(attribute) === JSON.stringify(other);
    if (other?.kind !== 'constant') return false;
    return (
      `${attribute.value.shape}` === `${other.value.shape}` &&
      Buffer.from(attribute.value.values.buffer).equals(Buffer.from(other.value.values.buffer))
    );
  });
}
