import { execFileSync } from 'node:child_process';
import { python } from '../../../setup/paths.mjs';

const origin = {
  encoder: 'tfidf',
  baseModel: '',
  baseModelOrigin: '',
  layers: '0',
  pooling: '',
  precision: '',
  permute: '',
  whitening: '0123456789abcdef',
};

const script = `
import json, sys
import pyarrow as pa
ids, vectors, metadata = json.load(sys.stdin)
table = pa.table({
    "item_id": ids,
    "vector": pa.array(vectors, pa.list_(pa.float32(), len(vectors[0]))),
}).replace_schema_metadata(metadata)
with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as writer:
    writer.write_table(table)
`;

/** `item-vectors.arrow` as the environment's container writes it. */
export function encodeItemVectors(
  itemIds: readonly string[],
  vectors: readonly (readonly number[])[],
): Uint8Array {
  return execFileSync(python, ['-c', script], {
    input: JSON.stringify([itemIds, vectors, origin]),
  });
}
