import * as z from 'zod';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import {
  encodeColumns,
  float64Column,
  int32Column,
  utf8Column,
} from '#lib/columns/arrow-writing.ts';
import { createHasher } from '#lib/interactions/hash53.ts';

/*
 * All uploads of the catalogue as one (docs/contracts.md, 2): of an item the newest upload counts, and an item is shown as long
 * as the newest upload of any file has it. Uploads are known by when and as what they arrived, `dt=<date>/<upload>`.
 */

/** An item with what is kept of its text. */
export type MergedItem<Content extends object> = Content & {
  /** No newest upload of a file has it. */
  hasLeft: boolean;
  /** The upload that its content is from. */
  upload: string;
  /** How many files have it, in their newest uploads. */
  files: number;
};

/** A catalogue to which uploads are added. Adding one that is in changes nothing, in whatever order they come. */
export class MergedCatalogue<Content extends object> {
  readonly items: Map<string, MergedItem<Content>>;
  /** The newest upload of each file. */
  readonly newest: Map<string, string>;

  constructor(
    items: Iterable<readonly [string, MergedItem<Content>]> = [],
    newest: Iterable<readonly [string, string]> = [],
  ) {
    this.items = new Map(items);
    this.newest = new Map(newest);
  }

  /** Whether an upload would take the place of another one of its file, or be the first. */
  isNewest(file: string, upload: string): boolean {
    const current = this.newest.get(file);
    return current === undefined || current < upload;
  }

  /**
   * Makes an upload the newest of its file.
   *
   * @param replaced items of the one before
   */
  replace(file: string, upload: string, replaced: Iterable<string>): void {
    for (const id of replaced) this.#count(id, -1);
    this.newest.set(file, upload);
  }

  /** Takes over what an upload says. @param isNewest as it was before it became the newest of its file */
  add(upload: string, contents: ReadonlyMap<string, Content>, isNewest: boolean): void {
    for (const [id, content] of contents) {
      const before = this.items.get(id);
      if (before === undefined || before.upload <= upload) {
        const files = before?.files ?? 0;
        this.items.set(id, { ...content, upload, files, hasLeft: files === 0 });
      }
      if (isNewest) this.#count(id, 1);
    }
  }

  #count(id: string, change: number): void {
    const item = this.items.get(id);
    if (item === undefined) return;
    item.files += change;
    item.hasLeft = item.files === 0;
  }
}

/** `catalogues/latest.json`. */
export const mergedPointer = z.strictObject({
  schemaVersion: z.literal(1),
  /** The run whose catalogue has all uploads but those that are pending. */
  run: z.string().min(1),
  /** When the run looked at what there was. */
  snapshotAt: z.iso.datetime(),
});

/** A title as `listed.arrow` keeps it, so that a change can be told without reading texts. */
export const hashTitle = createHasher(1);

/** What checks of a catalogue need of an item. */
export interface ListedContent {
  readonly title: number;
}

/**
 * Writes `listed.arrow`: a row an item, in the order of `catalogue.arrow`.
 */
export function encodeListed({
  items,
  newest,
}: MergedCatalogue<{ readonly title: string }>): Uint8Array {
  const rows = [...items].sort(([a], [b]) => (a < b ? -1 : 1)); // ids differ
  const uploads = [...new Set(rows.map(([, { upload }]) => upload))].sort();
  const places = new Map(uploads.map((upload, place) => [upload, place]));
  return encodeColumns(
    [
      utf8Column(
        'item_id',
        rows.map(([id]) => id),
      ),
      float64Column(
        'title_hash',
        Float64Array.from(rows, ([, { title }]) => hashTitle(title)),
      ),
      int32Column(
        'files',
        Int32Array.from(rows, ([, { files }]) => files),
      ),
      int32Column(
        'upload',
        Int32Array.from(rows, ([, { upload }]) => places.get(upload)!),
      ),
    ],
    {
      uploads: JSON.stringify(uploads),
      newest: JSON.stringify([...newest].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  );
}

const uploadNames = z.array(z.string());
const newestUploads = z.array(z.tuple([z.string(), z.string()]));

/**
 * Reads `listed.arrow`.
 *
 * @param contentOf what is kept of each row
 * @throws ContractError naming the column that does not follow the contract
 */
export function decodeListed<Content extends object = ListedContent>(
  bytes: Uint8Array,
  contentOf?: (row: number) => Content,
): MergedCatalogue<Content> {
  const columns = decodeColumns(bytes, 'the listed items');
  const files = columns.column('files').int32();
  const places = columns.column('upload').int32();
  const titles = columns.column('title_hash').float64();
  const uploads = uploadNames.parse(JSON.parse(columns.metadata.get('uploads') ?? '[]'));
  const newest = newestUploads.parse(JSON.parse(columns.metadata.get('newest') ?? '[]'));
  const content = contentOf ?? ((row: number) => ({ title: titles[row]! }) as unknown as Content);
  const ids = columns.column('item_id').strings();
  const items = ids.map((id, row) => {
    const own = { upload: uploads[places[row]!]!, files: files[row]!, hasLeft: files[row] === 0 };
    return [id, { ...content(row), ...own }] as const;
  });
  return new MergedCatalogue<Content>(items, newest);
}

/** The ids of `listed.arrow` alone. */
export const decodeListedIds = (bytes: Uint8Array): string[] =>
  decodeColumns(bytes, 'the listed items').column('item_id').strings();
