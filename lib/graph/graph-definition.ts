import { MessageWriter } from './protobuf.ts';
import type { ElementType, TensorValues } from './specification.ts';

/** TensorFlow's `DataType` numbers (tensorflow/core/framework/types.proto). */
export const dataTypes = { float32: 1, int32: 3, bool: 10 } as const satisfies Record<
  ElementType,
  number
>;

/** The element type of a TensorFlow `DataType` number; undefined for those that cannot leave a program. */
export function elementTypeOf(dataType: number): ElementType | undefined {
  return (Object.keys(dataTypes) as ElementType[]).find((name) => dataTypes[name] === dataType);
}

/** A constant's value. */
export interface ConstantValue {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

/** An attribute of a node, one kind of TensorFlow's `AttrValue` each. */
export type AttributeValue =
  | { readonly kind: 'type' | 'integer' | 'float'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'shape'; readonly value: readonly number[] }
  | { readonly kind: 'integers' | 'floats' | 'types'; readonly value: readonly number[] }
  | { readonly kind: 'booleans'; readonly value: readonly boolean[] }
  | { readonly kind: 'constant'; readonly value: ConstantValue };

/** One operation of a graph. */
export interface GraphNode {
  readonly name: string;
  readonly operation: string;
  /** `producer:output`, in the operation's order. */
  readonly inputs: readonly string[];
  /** Names of nodes that must have run before. */
  readonly after?: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/**
 * The version of the graph format: TensorFlow 2.9, the release that tfjs-node 4.22 is built on. Newer releases run
 * it as well.
 */
const producerVersion = 1087;

/** The bytes of a `saved_model.pb` with one graph, tagged `serve`. */
export function encodeSavedModel(nodes: readonly GraphNode[]): Uint8Array {
  const graph = new MessageWriter();
  for (const node of nodes) graph.message(1, encodeNode(node));
  graph.message(4, new MessageWriter().integer(1, producerVersion));
  const metaGraph = new MessageWriter()
    .message(1, new MessageWriter().string(4, 'serve'))
    .message(2, graph);
  return new MessageWriter().integer(1, 1).message(2, metaGraph).finish();
}

function encodeNode(node: GraphNode): MessageWriter {
  const message = new MessageWriter().string(1, node.name).string(2, node.operation);
  for (const input of node.inputs) message.string(3, input);
  for (const name of new Set(node.after ?? [])) message.string(3, `^${name}`);
  for (const [name, value] of Object.entries(node.attributes)) {
    message.message(5, new MessageWriter().string(1, name).message(2, encodeAttribute(value)));
  }
  return message;
}

function encodeAttribute(attribute: AttributeValue): MessageWriter {
  const message = new MessageWriter();
  switch (attribute.kind) {
    case 'string':
      return message.string(2, attribute.value);
    case 'integer':
      return message.integer(3, attribute.value);
    case 'float':
      return message.float(4, attribute.value);
    case 'boolean':
      return message.integer(5, attribute.value ? 1 : 0);
    case 'type':
      return message.integer(6, attribute.value);
    case 'shape':
      return message.message(7, encodeShape(attribute.value));
    case 'constant':
      return message.message(8, encodeConstant(attribute.value));
    case 'integers':
      return message.message(1, new MessageWriter().integers(3, attribute.value));
    case 'floats':
      return message.message(1, new MessageWriter().floats(4, attribute.value));
    case 'booleans':
      return message.message(1, new MessageWriter().integers(5, attribute.value.map(Number)));
    case 'types':
      return message.message(1, new MessageWriter().integers(6, attribute.value));
  }
}

function encodeShape(shape: readonly number[]): MessageWriter {
  const message = new MessageWriter();
  for (const size of shape) message.message(2, new MessageWriter().integer(1, size));
  return message;
}

/** A tensor of equal values is written as one value, which TensorFlow repeats. */
function encodeConstant({ dtype, shape, values }: ConstantValue): MessageWriter {
  const message = new MessageWriter().integer(1, dataTypes[dtype]).message(2, encodeShape(shape));
  const first = values[0];
  if (first !== undefined && values.every((value) => Object.is(value, first))) {
    if (dtype === 'float32') return message.floats(5, [first]);
    return message.integers(dtype === 'int32' ? 7 : 11, [first]);
  }
  return message.bytes(4, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
