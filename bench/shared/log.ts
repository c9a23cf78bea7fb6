import { createReadStream } from 'node:fs';
import { gunzippedLines } from '#lib/interactions/packing.ts';
import type { IngestedInteraction } from '#lib/sequences/interaction-log.ts';

/** The rows of a gzipped log of JSON lines that ingestion has accepted, in the order of the file. */
export async function readLog(path: string): Promise<IngestedInteraction[]> {
  const rows: IngestedInteraction[] = [];
  for await (const text of gunzippedLines(createReadStream(path), path)) {
    if (text === '') continue;
    const { user_id, item_id, timestamp, event_type = null } = JSON.parse(text);
    const row = { user_id: String(user_id), item_id: String(item_id), timestamp, event_type };
    rows.push({ ...row, line: rows.length });
  }
  return rows;
}
