import * as z from 'zod';
import { listIngested } from '#functions/shared/ingested-parts.ts';
import { items, uploadOfPart, uploads } from '#lib/contracts/keys.ts';
import type { CatalogueChange } from '#lib/interactions/approval.ts';
import { createHasher } from '#lib/interactions/hash53.ts';
import { readStoredRows, storedItem } from '#lib/interactions/stored-rows.ts';
import { rowsKey, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { gunzipped } from '#platform/gzip.ts';
import type { Objects } from '#platform/objects.ts';

/** As much of an upload's report, also of another release's, as tells which file it is a version of. */
const uploadedFile = z.looseObject({ file: z.string() });

/** An item that is shown now. */
interface Shown {
  /** Hash of its title, so that a catalogue of millions fits. */
  title: number;
  /** Some other file lists it, too: it stays when this one no longer has it. */
  isElsewhere: boolean;
}

/** What a catalogue upload would change of the items that are shown now, once all its ranges are parsed. */
export async function catalogueChange(
  objects: Objects,
  plan: UploadPlan,
): Promise<CatalogueChange> {
  const hash = createHasher(1);
  const shown = await readShown(objects, plan, hash);
  const next = new Map<string, number>();
  for (const range of plan.ranges.keys()) {
    for await (const { item_id, title } of itemsOf(objects, rowsKey(plan, range)))
      next.set(item_id, hash(title));
  }
  let renamed = 0;
  let left = 0;
  for (const [item, { title, isElsewhere }] of shown) {
    const now = next.get(item);
    if (now === undefined) left += isElsewhere ? 0 : 1;
    else if (now !== title) renamed++;
  }
  return { known: shown.size, renamed, left };
}

/** The items of the newest version of each file, as the next night would see them without this upload. */
async function readShown(
  objects: Objects,
  { key: replaced, upload }: UploadPlan,
  hash: (title: string) => number,
): Promise<Map<string, Shown>> {
  const { parts } = await listIngested(objects, items.prefix);
  const partsOf = Map.groupBy(parts, ({ key }) => uploadOfPart(key) ?? key);
  partsOf.delete(upload);
  // Names of uploads sort by arrival.
  const newest = new Map<string, string>();
  for (const one of [...partsOf.keys()].sort()) {
    const report = await objects.getVersion(uploads.report(one), uploadedFile);
    newest.set(report?.value.file ?? one, one);
  }
  const shown = new Map<string, Shown>();
  for (const [file, one] of [...newest].sort(([, a], [, b]) => (a < b ? -1 : 1))) {
    for (const { key } of partsOf.get(one) ?? []) {
      for await (const { item_id, title } of itemsOf(objects, key)) {
        const isElsewhere = file !== replaced || shown.get(item_id)?.isElsewhere === true;
        shown.set(item_id, { title: hash(title), isElsewhere });
      }
    }
  }
  return shown;
}

async function* itemsOf(objects: Objects, key: string) {
  const bytes = gunzipped(await objects.getStream(key), key);
  for await (const rows of readStoredRows(bytes, storedItem, key)) yield* rows;
}
