import * as z from 'zod';
import { arrivalOf, items, runs, uploads } from '#lib/contracts/keys.ts';
import { gunzipped } from '#lib/interactions/packing.ts';
import type { Item } from '#lib/interactions/rows.ts';
import { readStoredRows, storedItem } from '#lib/interactions/stored-rows.ts';
import { decodeCatalogue } from '#lib/sequences/catalogue-table.ts';
import type { CatalogueItem } from '#lib/sequences/interaction-log.ts';
import {
  decodeListed,
  decodeListedIds,
  hashTitle,
  type ListedContent,
  MergedCatalogue,
} from '#lib/sequences/merged-catalogue.ts';
import type { Objects } from '#platform/objects.ts';
import { baseOf } from './catalogue-objects.ts';

/** An object of the catalogue as it was when somebody looked. */
export interface CatalogueObject {
  readonly key: string;
  readonly etag: string;
}

/** The catalogue's texts. */
export type CatalogueTexts = MergedCatalogue<Pick<CatalogueItem, 'title' | 'fields'>>;

/** Ids of all items, those that have left included. @param keys as `knownItemsKeys` gives them */
export async function readKnownIds(
  objects: Objects,
  keys: readonly string[],
): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const key of keys) {
    if (key.startsWith(runs.root)) {
      for (const id of decodeListedIds(await objects.getBytes(key))) ids.add(id);
    } else {
      for await (const { item_id } of itemsOfPart(objects, { key })) ids.add(item_id);
    }
  }
  return ids;
}

/** The catalogue with its texts. @param inputs as `listCatalogue` gives them */
export async function readCatalogue(
  objects: Objects,
  inputs: readonly CatalogueObject[],
): Promise<CatalogueTexts> {
  const run = baseOf(inputs);
  let merged: CatalogueTexts = new MergedCatalogue();
  if (run !== undefined) {
    const etagOf = (key: string) => inputs.find((input) => input.key === key)?.etag;
    const read = (key: string) => objects.getBytes(key, { etag: etagOf(key)! });
    const texts = decodeCatalogue(await read(runs.catalogue(run)));
    merged = decodeListed(await read(runs.listedItems(run)), (row) => ({
      title: texts.titles[row]!,
      fields: JSON.parse(texts.fields[row]!) as Record<string, string>,
    }));
  }
  await addUploads(objects, merged, inputs, ({ title, fields }) => ({ title, fields }));
  return merged;
}

/** The catalogue without its texts: which items are shown, and under which titles. */
export async function readListed(
  objects: Objects,
  inputs: readonly CatalogueObject[],
): Promise<MergedCatalogue<ListedContent>> {
  const run = baseOf(inputs);
  const merged =
    run === undefined
      ? new MergedCatalogue<ListedContent>()
      : decodeListed(await objects.getBytes(runs.listedItems(run)));
  await addUploads(objects, merged, inputs, ({ title }) => ({ title: hashTitle(title) }));
  return merged;
}

/** As much of an upload's report, also of another release's, as tells which file it is a version of. */
const uploadedFile = z.looseObject({ file: z.string() });

async function addUploads<Content extends object>(
  objects: Objects,
  merged: MergedCatalogue<Content>,
  inputs: readonly CatalogueObject[],
  contentOf: (item: Item) => Content,
): Promise<void> {
  const partsOf = Map.groupBy(
    inputs.filter(({ key }) => !key.startsWith(runs.root)),
    ({ key }) => arrivalOf(key) ?? key,
  );
  const arrivals = [...partsOf.keys()].sort();
  const newest = new Map<string, string>();
  for (const arrival of arrivals) {
    const upload = arrival.slice(arrival.indexOf('/') + 1);
    const report = await objects.getVersion(uploads.report(upload), uploadedFile);
    // Without a report there is nobody to be replaced by.
    newest.set(report?.value.file ?? upload, arrival);
  }
  const isNewest = new Set<string>();
  for (const [file, arrival] of newest) {
    if (!merged.isNewest(file, arrival)) continue;
    const before = merged.newest.get(file);
    merged.replace(file, arrival, before === undefined ? [] : await idsOf(objects, before));
    isNewest.add(arrival);
  }
  for (const arrival of arrivals) {
    const contents = new Map<string, Content>();
    for (const part of partsOf.get(arrival)!.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
      for await (const item of itemsOfPart(objects, part))
        contents.set(item.item_id, contentOf(item));
    }
    merged.add(arrival, contents, isNewest.has(arrival));
  }
}

/** The items of an upload, each once. @param arrival `dt=<date>/<upload>` */
export async function idsOf(objects: Objects, arrival: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const part of objects.list(items.ofUpload(arrival))) {
    for await (const { item_id } of itemsOfPart(objects, part)) ids.add(item_id);
  }
  return ids;
}

/** Items of an object that ingestion wrote; the snapshot's version, or an error. */
export async function* itemsOfPart(
  objects: Objects,
  { key, etag }: Pick<CatalogueObject, 'key'> & Partial<CatalogueObject>,
): AsyncGenerator<Item> {
  const stream = await objects.getStream(key, etag === undefined ? {} : { etag });
  for await (const rows of readStoredRows(gunzipped(stream, key), storedItem, key)) yield* rows;
}
