import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { uploads } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';

/** The first quarantined rows of an upload, as they are stored; no more is read than is given. */
export async function firstQuarantined(
  objects: Objects,
  upload: string,
  count: number,
): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { key } of objects.list(uploads.quarantinePrefix(upload))) {
    const stream = await objects.getStream(key);
    const unpacked = stream.pipe(createGunzip());
    stream.on('error', (error) => unpacked.destroy(error));
    try {
      for await (const line of createInterface({ input: unpacked })) {
        if (rows.length === count) return rows;
        rows.push(JSON.parse(line));
      }
    } finally {
      unpacked.destroy();
      stream.destroy();
    }
  }
  return rows;
}
