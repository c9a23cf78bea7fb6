import { MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { LookedAtObjects, RangedObjects, ReadableObjects } from '#lib/contracts/objects.ts';
import { suggest } from '#lib/contracts/suggest.ts';
import type { AllItems } from '#lib/sequences/everybody.ts';
import { decodeAllItems } from '#lib/sequences/everybody-files.ts';
import { decodeFieldIndex, type FieldIndex, filterValue } from '#lib/sequences/field-index.ts';
import {
  bucketOf,
  bucketOffsetBytes,
  decodeBucketOffsets,
  findInBucket,
  partOfUser,
  type StoredUser,
  type UserStorePart,
  userStoreManifest,
} from '#lib/sequences/user-store.ts';

/** What a list may be filtered by: for each field of the catalogue one value, or several of which any will do. */
export type Where = Readonly<Record<string, Filter | readonly Filter[]>>;
export type Filter = string | number | boolean;

export type DirectoryObjects = ReadableObjects & RangedObjects & LookedAtObjects;

/** Parts whose offsets are kept in memory; 12 KB each. */
const partsKept = 256;
/** Fields that a message names. */
const fieldsShown = 20;

/** What a run knows of users and items, beside the model: titles, fields and histories. */
export interface Directory {
  readonly run: string;
  readonly items: AllItems;
  /** The item's id where no catalogue says more. */
  titleOf(id: string): string;
  /**
   * One user's newest actions: a ranged read of a few kilobytes, once the user's part is known.
   *
   * @returns undefined for somebody whom the run has not met
   * @throws MissingArtefactError where the run has not written users' histories for reading alone
   */
  findUser(user: string): Promise<StoredUser | undefined>;
  /**
   * Ids of the items that have the values in all fields; looked up, no text is read.
   *
   * @throws ValidationError for a field that no item can be found by
   */
  matching(where: Where): Promise<string[]>;
}

/** @throws MissingArtefactError when the run's files are gone */
export async function openDirectory(objects: DirectoryObjects, run: string): Promise<Directory> {
  const items = decodeAllItems(await objects.getBytes(runs.allItems(run)));
  const places = new Map(items.itemIds.map((id, place) => [id, place]));
  const fields = once(() => readFields(objects, run));
  const parts = once(() => readParts(objects, run));
  const offsets = new Map<number, Promise<Uint32Array>>();

  function offsetsOf(part: number, { buckets }: UserStorePart): Promise<Uint32Array> {
    const known = offsets.get(part);
    if (known !== undefined) return known;
    if (offsets.size >= partsKept) offsets.delete(offsets.keys().next().value!);
    const range = { start: 0, end: bucketOffsetBytes(buckets) };
    const reading = objects
      .getBytes(runs.userStore(run, part), { range })
      .then((bytes) => decodeBucketOffsets(bytes, buckets));
    offsets.set(part, reading);
    reading.catch(() => offsets.delete(part));
    return reading;
  }

  return {
    run,
    items,
    titleOf: (id) => items.titles[places.get(id) ?? -1] ?? id,
    async findUser(user) {
      const all = await parts();
      const number = partOfUser(all, user);
      if (number === undefined) return undefined;
      const begins = await offsetsOf(number, all[number]!);
      const bucket = bucketOf(user, all[number]!.buckets);
      const range = { start: begins[bucket]!, end: begins[bucket + 1]! };
      if (range.start === range.end) return undefined;
      return findInBucket(await objects.getBytes(runs.userStore(run, number), { range }), user);
    },
    async matching(where) {
      const index = await fields();
      const rows = Object.entries(where)
        .map(([field, wanted]) => rowsOf(index, field, wanted))
        .reduce((left, right) => {
          const others = new Set(right);
          return left.filter((item) => others.has(item));
        });
      return rows.map((item) => items.itemIds[item - 1]!);
    },
  };
}

/** Items that have any of the values in a field. */
function rowsOf(index: FieldIndex, field: string, wanted: Where[string]): number[] {
  const values = index.get(field);
  if (values === undefined) {
    const names = [...index.keys()];
    const meant = suggest(field, names);
    const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`;
    const shown = names.slice(0, fieldsShown).join(', ');
    throw new ValidationError(
      `where: items cannot be found by the field "${field.slice(0, 100)}".${hint} ${
        names.length === 0
          ? 'The catalogue has no fields besides titles.'
          : `There are: ${shown}${names.length > fieldsShown ? ', ...' : ''}.`
      }`,
    );
  }
  const found = new Set<number>();
  for (const one of [wanted].flat()) {
    for (const item of values.get(filterValue(String(one))) ?? []) found.add(item);
  }
  return [...found];
}

async function readFields(objects: DirectoryObjects, run: string): Promise<FieldIndex> {
  if ((await objects.head(runs.fieldIndex(run))) === undefined) return new Map();
  return decodeFieldIndex(await objects.getBytes(runs.fieldIndex(run)));
}

async function readParts(objects: DirectoryObjects, run: string): Promise<UserStorePart[]> {
  if ((await objects.head(runs.userStoreManifest(run))) === undefined) {
    throw new MissingArtefactError(
      `Run ${run} is of a release that did not keep users' histories for reading alone: the next night does. Until then give \`history\` in place of \`user_id\`.`,
    );
  }
  return (await objects.getJson(runs.userStoreManifest(run), userStoreManifest)).parts;
}

/** Reads when it is asked for the first time; what failed is read again. */
function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let reading: Promise<Value> | undefined;
  return () => {
    reading ??= read().catch((error) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
}
