import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { decodeItemVectors, encodeItemVectors } from '#lib/environment/item-vectors.ts';
import { python } from '../../../setup/paths.mjs';

const origin = {
  encoder: 'language-model',
  baseModel: 'Tiny',
  baseModelOrigin: 'random, for tests',
  layers: '2',
  pooling: 'mean',
  precision: 'float32',
  permute: '',
  dimension: '2',
  whitening: '0123456789abcdef',
};

/** What pyarrow writes: the vectors in two batches, as any writer may. */
function write(vectors: unknown, metadata: Record<string, string> = origin): Uint8Array {
  const script = `
import json, sys
import pyarrow as pa
vectors, metadata = json.load(sys.stdin)
table = pa.table({
    "item_id": [f"item-{row}" for row in range(len(vectors))],
    "vector": pa.array(vectors, pa.list_(pa.float32(), 2)),
}).replace_schema_metadata(metadata)
with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as writer:
    writer.write_table(table, max_chunksize=2)
`;
  return execFileSync(python, ['-c', script], { input: JSON.stringify([vectors, metadata]) });
}

describe('decodeItemVectors', () => {
  test('gives ids, vectors and where they come from', () => {
    const {
      itemIds,
      dimension,
      vectors,
      origin: read,
    } = decodeItemVectors(
      write([
        [1, 2],
        [3, 4],
        [5, -0.5],
      ]),
    );

    expect(itemIds).toEqual(['item-0', 'item-1', 'item-2']);
    expect(dimension).toBe(2);
    expect([...vectors]).toEqual([1, 2, 3, 4, 5, -0.5]);
    expect(read).toEqual({
      encoder: 'language-model',
      baseModel: 'Tiny',
      baseModelOrigin: 'random, for tests',
      layers: 2,
      pooling: 'mean',
      precision: 'float32',
      permute: '',
      whitening: '0123456789abcdef',
    });
  });

  test('refuses vectors that do not say where they come from', () => {
    const { whitening: _, ...rest } = origin;

    expect(() => decodeItemVectors(write([[1, 2]], rest))).toThrow(ContractError);
    expect(() => decodeItemVectors(write([[1, 2]], rest))).toThrow(/whitening/);
  });

  test('refuses numbers that are not finite, naming the row', () => {
    const bytes = write([
      [1, 2],
      [3, null],
    ]);

    expect(() => decodeItemVectors(bytes)).toThrow(/value 3/);
  });

  test('refuses what is no stream', () => {
    expect(() => decodeItemVectors(Buffer.from('vectors'))).toThrow(
      /item vectors is not a readable/,
    );
  });
});

describe('encodeItemVectors', () => {
  test('writes what the job writes: schema, metadata and numbers, as pyarrow reads them', () => {
    // Arrange
    const written = write([
      [1, 2],
      [3, -0.5],
    ]);
    // Act
    const again = encodeItemVectors(decodeItemVectors(written));
    // Assess
    expect(readByPyarrow(again)).toStrictEqual(readByPyarrow(written));
    expect(readByPyarrow(again).rows).toStrictEqual([
      { item_id: 'item-0', vector: [1, 2] },
      { item_id: 'item-1', vector: [3, -0.5] },
    ]);
  });
});

function readByPyarrow(bytes: Uint8Array) {
  const script = `
import json, sys
import pyarrow as pa
table = pa.ipc.open_stream(sys.stdin.buffer.read()).read_all()
metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
types = [str(field.type).replace(" not null", "") for field in table.schema]
print(json.dumps({"types": types, "metadata": metadata, "rows": table.to_pylist()}))
`;
  return JSON.parse(execFileSync(python, ['-c', script], { input: bytes }).toString());
}
