import { uploads } from '#lib/contracts/keys.ts';
import { gunzippedLines } from '#lib/interactions/packing.ts';
import type { Objects } from '#platform/objects.ts';

/** The first quarantined rows of an upload, as they are stored; no more is read than is given. */
export async function firstQuarantined(
  objects: Objects,
  upload: string,
  count: number,
): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { key } of objects.list(uploads.quarantinePrefix(upload))) {
    for await (const line of gunzippedLines(await objects.getStream(key), key)) {
      if (rows.length === count) return rows;
      rows.push(JSON.parse(line));
    }
  }
  return rows;
}
