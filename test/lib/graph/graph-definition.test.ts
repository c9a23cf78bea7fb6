import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { encodeSavedModel, type GraphNode } from '#lib/graph/graph-definition.ts';

/** TensorFlow's messages, of tensorflow/core/framework and tensorflow/core/protobuf, as far as they are written. */
const savedModel = protobuf
  .parse(
    `
  syntax = "proto3";
  message Dim { int64 size = 1; }
  message Shape { repeated Dim dim = 2; }
  message Tensor {
    int32 dtype = 1; Shape tensor_shape = 2; bytes tensor_content = 4;
    repeated float float_val = 5; repeated int32 int_val = 7; repeated bool bool_val = 11;
  }
  message List { repeated int64 i = 3; repeated float f = 4; repeated bool b = 5; repeated int32 type = 6; }
  message Attr {
    oneof value { List list = 1; bytes s = 2; int64 i = 3; float f = 4; bool b = 5; int32 type = 6; Shape shape = 7; Tensor tensor = 8; }
  }
  message Node { string name = 1; string op = 2; repeated string input = 3; map<string, Attr> attr = 5; }
  message Versions { int32 producer = 1; }
  message Graph { repeated Node node = 1; Versions versions = 4; }
  message Info { repeated string tags = 4; }
  message Meta { Info meta_info_def = 1; Graph graph_def = 2; }
  message Model { int64 saved_model_schema_version = 1; repeated Meta meta_graphs = 2; }`,
    {
      keepCase: true,
    },
  )
  .root.lookupType('Model');

function readBack(nodes: readonly GraphNode[]) {
  return savedModel.toObject(savedModel.decode(encodeSavedModel(nodes)), { longs: Number });
}

function node(attributes: GraphNode['attributes']): GraphNode {
  return { name: 'a/b', operation: 'Op', inputs: ['x:0', 'y:1'], after: ['z', 'z'], attributes };
}

describe('Function: encodeSavedModel', () => {
  it('writes one graph tagged serve, with data and control inputs', () => {
    // Act
    const model = readBack([node({})]);

    // Assess
    expect(model.saved_model_schema_version).toBe(1);
    expect(model.meta_graphs).toHaveLength(1);
    expect(model.meta_graphs[0].meta_info_def.tags).toEqual(['serve']);
    expect(model.meta_graphs[0].graph_def.versions.producer).toBeGreaterThan(0);
    expect(model.meta_graphs[0].graph_def.node).toEqual([
      { name: 'a/b', op: 'Op', input: ['x:0', 'y:1', '^z'] },
    ]);
  });

  it('writes every kind of attribute, falsy values too', () => {
    // Act
    const model = readBack([
      node({
        s: { kind: 'string', value: 'SAME' },
        i: { kind: 'integer', value: 0 },
        n: { kind: 'integer', value: -1 },
        f: { kind: 'float', value: 0.5 },
        b: { kind: 'boolean', value: false },
        t: { kind: 'type', value: 3 },
        h: { kind: 'shape', value: [] },
        li: { kind: 'integers', value: [1, -2] },
        lf: { kind: 'floats', value: [0.25] },
        lb: { kind: 'booleans', value: [true, false] },
        lt: { kind: 'types', value: [1, 3] },
      }),
    ]);

    // Assess
    const { attr } = model.meta_graphs[0].graph_def.node[0];
    expect({ ...attr, s: Buffer.from(attr.s.s).toString() }).toEqual({
      s: 'SAME',
      i: { i: 0 },
      n: { i: -1 },
      f: { f: 0.5 },
      b: { b: false },
      t: { type: 3 },
      h: { shape: {} },
      li: { list: { i: [1, -2] } },
      lf: { list: { f: [0.25] } },
      lb: { list: { b: [true, false] } },
      lt: { list: { type: [1, 3] } },
    });
  });

  it('writes constants whole, and those of one value as that value', () => {
    // Arrange
    const constant = (value: Float32Array | Int32Array | Uint8Array, dtype: string) =>
      ({
        value: { kind: 'constant', value: { dtype, shape: [value.length], values: value } },
      }) as GraphNode['attributes'];

    // Act
    const model = readBack([
      node(constant(Float32Array.of(1, 2), 'float32')),
      node(constant(new Float32Array(1000).fill(-0), 'float32')),
      node(constant(Int32Array.of(-7, -7), 'int32')),
      node(constant(Uint8Array.of(1, 1, 1), 'bool')),
      node(constant(new Float32Array(0), 'float32')),
      node(constant(Float32Array.of(0, -0), 'float32')),
    ]);

    // Assess
    const [whole, zeros, integers, truths, empty, mixed] = model.meta_graphs[0].graph_def.node.map(
      (each: { attr: { value: { tensor: unknown } } }) => each.attr.value.tensor,
    );
    expect(whole.dtype).toBe(1);
    expect(whole.tensor_shape).toEqual({ dim: [{ size: 2 }] });
    expect(new Float32Array(Uint8Array.from(whole.tensor_content).buffer)).toEqual(
      Float32Array.of(1, 2),
    );
    expect(zeros.tensor_shape).toEqual({ dim: [{ size: 1000 }] });
    expect(zeros.float_val).toEqual([-0]);
    expect(integers).toMatchObject({ dtype: 3, int_val: [-7] });
    expect(truths).toMatchObject({ dtype: 10, bool_val: [true] });
    expect(empty.tensor_shape).toEqual({ dim: [{}] });
    expect(mixed.tensor_content).toHaveLength(8);
  });
});
