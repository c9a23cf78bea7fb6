/** One operation of a traced step, as TensorFlow's executor timed it. */
export interface TracedNode {
  readonly name: string;
  readonly operation: string;
  /** Names of the nodes that it reads. */
  readonly inputs: readonly string[];
  /** Shape of each output that it handed on. */
  readonly outputs: readonly (readonly number[])[];
  readonly seconds: number;
}

/**
 * Reads the `step_stats` of a `RunMetadata` message (tensorflow/core/framework/step_stats.proto, numbers of fields as there).
 *
 * @throws {RangeError} if the bytes are no such message
 */
export function readStepStatistics(metadata: Uint8Array): TracedNode[] {
  return messages(metadata, 1) // RunMetadata.step_stats
    .flatMap((statistics) => messages(statistics, 1)) // StepStats.dev_stats
    .flatMap((device) => messages(device, 2)) // DeviceStepStats.node_stats
    .map(readNode);
}

function readNode(bytes: Uint8Array): TracedNode {
  const name = text(bytes, 1);
  // "[memory] name = Operation(input, ^control)", the first part where there is something to tell; the executor's own nodes have none.
  const label = /^(?:\[[^\]]*\] ?)?\S+ = (\w+)\((.*)\)$/.exec(text(bytes, 8));
  const [, operation = '', inputs = ''] = label ?? [];
  return {
    name,
    operation,
    inputs: inputs
      .split(', ')
      .filter((input) => input !== '' && !input.startsWith('^'))
      .map((input) => input.replace(/:\d+$/, '')),
    outputs: messages(bytes, 7).map(readShape),
    seconds: (number(bytes, 4) - number(bytes, 3)) / 1e6, // op_end_rel_micros - op_start_rel_micros
  };
}

/** Of a `NodeOutput`: its tensor_description's shape. */
function readShape(output: Uint8Array): number[] {
  return messages(output, 3) // NodeOutput.tensor_description
    .flatMap((description) => messages(description, 2)) // TensorDescription.shape
    .flatMap((shape) => messages(shape, 2)) // TensorShapeProto.dim
    .map((dimension) => number(dimension, 1));
}

function messages(bytes: Uint8Array, field: number): Uint8Array[] {
  return [...fields(bytes)]
    .filter((each) => each.field === field)
    .map(({ value }) => value as Uint8Array);
}

function text(bytes: Uint8Array, field: number): string {
  return new TextDecoder().decode(messages(bytes, field)[0]);
}

function number(bytes: Uint8Array, field: number): number {
  for (const each of fields(bytes)) if (each.field === field) return each.value as number;
  return 0;
}

interface Field {
  readonly field: number;
  readonly value: number | Uint8Array;
}

/** The fields of a message (https://protobuf.dev/programming-guides/encoding/). */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('The trace of a step ends within a number.');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    const field = Math.floor(tag / 8);
    if (type === 0) yield { field, value: varint() };
    else {
      const sizes: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
      const size = type === 2 ? varint() : sizes[type];
      if (size === undefined || at + size > bytes.length) {
        throw new RangeError(`The trace of a step has a damaged field ${field}.`);
      }
      yield { field, value: bytes.subarray(at, at + size) };
      at += size;
    }
  }
}
