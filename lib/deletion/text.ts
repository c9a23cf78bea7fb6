import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { compressionOf } from '#lib/interactions/compression.ts';

/** An object's bytes as text, unpacked if they are packed as a whole. */
export function textOf(bytes: Uint8Array): string {
  const compression = compressionOf(bytes);
  if (compression === 'gzip') return gunzipSync(bytes).toString();
  return Buffer.from(compression === 'zstd' ? zstdDecompressSync(bytes) : bytes).toString();
}
