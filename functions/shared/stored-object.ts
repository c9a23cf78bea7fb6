import { uncompressed } from '#lib/interactions/packing.ts';
import type { StoredFile } from '#lib/interactions/upload-content.ts';
import type { Objects } from '#platform/objects.ts';

/** An object, or a range of its bytes, as a file to read. */
export function storedObject(
  objects: Objects,
  { key, bytes }: { readonly key: string; readonly bytes: number },
  version: { readonly etag: string; readonly signal?: AbortSignal },
  range?: { readonly start: number; readonly end: number },
): StoredFile {
  return {
    async *content(compression, limits) {
      const stream = await objects.getStream(key, { ...version, ...(range && { range }) });
      if (compression === null) yield* stream;
      else yield* uncompressed(stream, compression, key, limits);
    },
    random: () => ({
      byteLength: bytes,
      async slice(start, end = bytes) {
        const found = await objects.getBytes(key, { ...version, range: { start, end } });
        return new Uint8Array(found).buffer;
      },
    }),
  };
}
