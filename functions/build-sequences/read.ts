import * as z from 'zod';
import { type IngestedObject, readRows } from '#functions/shared/ingested-rows.ts';
import { uploadOfPart, uploads } from '#lib/contracts/keys.ts';
import type { Item } from '#lib/interactions/rows.ts';
import { readStoredRows, storedItem } from '#lib/interactions/stored-rows.ts';
import type { CatalogueItem, InteractionPart } from '#lib/sequences/interaction-log.ts';
import { gunzipped } from '#platform/gzip.ts';
import type { Objects } from '#platform/objects.ts';

/** As much of an upload's report, also of another release's, as tells which file it is a version of. */
const uploadedFile = z.looseObject({ file: z.string() });

/** An object of a run's snapshot. */
interface Input {
  readonly key: string;
  readonly etag: string;
}

/** The ingested interactions of a snapshot, block by block. */
export async function* readInteractions(
  objects: Objects,
  inputs: readonly IngestedObject[],
): AsyncGenerator<InteractionPart> {
  for (const input of inputs) {
    for await (const rows of readRows(objects, input)) yield { key: input.key, rows };
  }
}

/**
 * The catalogue by item id; of an item that was uploaded more than once, the newest arrival counts.
 *
 * A file that is uploaded again under its name replaces the one before: an item that was only in the older version is
 * not listed any more. It stays known, since histories have it.
 */
export async function readCatalogue(
  objects: Objects,
  inputs: readonly Input[],
): Promise<Map<string, CatalogueItem>> {
  const catalogue = new Map<string, CatalogueItem>();
  const inOrder = inputs.toSorted(
    (a, b) => compare(arrival(a), arrival(b)) || compare(a.key, b.key),
  );
  const current = await newestVersions(objects, inOrder);
  for (const input of inOrder) {
    const isCurrent = current.has(uploadOfPart(input.key));
    for await (const { item_id, title, fields } of itemsOf(objects, input)) {
      const hasLeft = !isCurrent && catalogue.get(item_id)?.hasLeft !== false;
      catalogue.set(item_id, { title, fields, hasLeft });
    }
  }
  return catalogue;
}

const arrival = (input: Input) => input.key.split('/')[1] ?? '';

/** The newest upload of each file of the catalogue. @param inputs in order of arrival */
async function newestVersions(
  objects: Objects,
  inputs: readonly Input[],
): Promise<Set<string | undefined>> {
  const uploadsInOrder = [...new Set(inputs.map(({ key }) => uploadOfPart(key) ?? key))];
  const newest = new Map<string, string>();
  for (const upload of uploadsInOrder) {
    const report = await objects.getVersion(uploads.report(upload), uploadedFile);
    // Without a report there is nobody to be replaced by.
    newest.set(report?.value.file ?? upload, upload);
  }
  return new Set(newest.values());
}

/** Items of an object that ingestion wrote; the snapshot's version, or an error. */
async function* itemsOf(objects: Objects, { key, etag }: Input): AsyncGenerator<Item> {
  const bytes = gunzipped(await objects.getStream(key, { etag }), key);
  for await (const items of readStoredRows(bytes, storedItem, key)) yield* items;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
