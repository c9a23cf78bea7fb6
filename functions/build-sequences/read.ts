import type * as z from 'zod';
import { readStoredRows, storedInteraction, storedItem } from '#lib/interactions/stored-rows.ts';
import type { CatalogueItem, InteractionPart } from '#lib/sequences/interaction-log.ts';
import { gunzipped } from '#platform/gzip.ts';
import type { Objects } from '#platform/objects.ts';

/** An object of a run's snapshot. */
interface Input {
  readonly key: string;
  readonly etag: string;
}

/** The ingested interactions of a snapshot, object by object. */
export async function* readInteractions(
  objects: Objects,
  inputs: readonly Input[],
): AsyncGenerator<InteractionPart> {
  for (const input of inputs) {
    yield { key: input.key, rows: rowsOf(objects, input, storedInteraction) };
  }
}

/** The catalogue by item id; of an item that was uploaded more than once, the newest arrival counts. */
export async function readCatalogue(
  objects: Objects,
  inputs: readonly Input[],
): Promise<Map<string, CatalogueItem>> {
  const catalogue = new Map<string, CatalogueItem>();
  const arrival = (input: Input) => input.key.split('/')[1] ?? '';
  const inOrder = inputs.toSorted((a, b) =>
    arrival(a) === arrival(b) ? compare(a.key, b.key) : compare(arrival(a), arrival(b)),
  );
  for (const input of inOrder) {
    for await (const { item_id, title, fields } of rowsOf(objects, input, storedItem)) {
      catalogue.set(item_id, { title, fields });
    }
  }
  return catalogue;
}

/** Rows of an object that ingestion wrote; the snapshot's version, or an error. */
async function* rowsOf<Row>(
  objects: Objects,
  { key, etag }: Input,
  schema: z.ZodType<Row>,
): AsyncGenerator<Row> {
  const bytes = gunzipped(await objects.getStream(key, { etag }), key);
  for await (const rows of readStoredRows(bytes, schema, key)) yield* rows;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
