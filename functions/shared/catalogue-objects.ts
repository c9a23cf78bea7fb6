import { catalogues, items, runs } from '#lib/contracts/keys.ts';
import { mergedPointer } from '#lib/sequences/merged-catalogue.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';
import { listIngested } from './ingested-parts.ts';

/*
 * The one place that knows where the catalogue is: the catalogue of the run that read it last, and the uploads since. So to read
 * it costs what its items cost, not what was ever uploaded. Without such a run, or where somebody deleted it, all uploads are
 * read.
 */

/**
 * What the catalogue consists of: the two objects of a run's catalogue, if there is one, and the parts of the uploads that it
 * lacks, in the order of their keys.
 *
 * @param known parts of uploads that were seen to have succeeded
 */
export async function listCatalogue(
  objects: Objects,
  known: readonly { readonly key: string }[] = [],
): Promise<readonly ObjectSummary[]> {
  const pointer = await objects.getVersion(catalogues.latest, mergedPointer);
  const base = pointer && (await headBase(objects, pointer.value.run));
  if (base === undefined) return (await listIngested(objects, items.prefix, known)).parts;
  const found = [...base];
  for await (const { key } of objects.list(catalogues.pendingPrefix)) {
    const prefix = items.ofUpload(key.slice(catalogues.pendingPrefix.length));
    found.push(...(await listIngested(objects, prefix, known)).parts);
  }
  return found;
}

async function headBase(objects: Objects, run: string): Promise<ObjectSummary[] | undefined> {
  const base = await Promise.all(
    [runs.catalogue(run), runs.listedItems(run)].map((key) => objects.head(key)),
  );
  return base.every((object) => object !== undefined) ? base : undefined;
}

/** The run whose catalogue is among the objects; undefined where all are uploads. */
export const baseOf = (objects: readonly { readonly key: string }[]): string | undefined =>
  objects.map(({ key }) => runOfListed.exec(key)?.[1]).find((run) => run !== undefined);

const runOfListed = new RegExp(`^${runs.listedItems('([^/]+)').replaceAll('.', '\\.')}$`);

/** Keys of what has to be read to know which items there are. */
export const knownItemsKeys = (objects: readonly { readonly key: string }[]): string[] => {
  const run = baseOf(objects);
  return objects
    .map(({ key }) => key)
    .filter((key) => run === undefined || key !== runs.catalogue(run));
};
