import * as z from 'zod';
import {
  addCounts,
  decodeItemCounts,
  encodeItemCounts,
  type ItemCounts,
  itemCountsFile,
} from './item-counts.ts';

/*
 * What serving reads beside the champion, refreshed with every upload (docs/contracts.md, 9). A night counts everything
 * anew, each action once however often it was uploaded; an upload that comes after that adds its actions. Which uploads
 * have been added is part of the file, so that a compare-and-swap adds each exactly once.
 */

export const freshCountsFile = itemCountsFile.extend({
  /** The run that counted everything, and when it looked at what there was. */
  base: z.strictObject({ run: z.string(), snapshotAt: z.iso.datetime() }).nullable(),
  /** Uploads that have been added to that. */
  uploads: z.array(z.string()),
  /** Items that have left the catalogue: never shown. */
  left: z.array(z.string()),
});

type FreshCountsFile = z.infer<typeof freshCountsFile>;

/** Counts with what they are made of. */
export interface FreshCounts {
  readonly counts: ItemCounts;
  readonly base: FreshCountsFile['base'];
  readonly uploads: ReadonlySet<string>;
  readonly left: ReadonlySet<string>;
}

export const noCounts: FreshCounts = {
  counts: { asOf: 0, counts: new Map() },
  base: null,
  uploads: new Set(),
  left: new Set(),
};

export function encodeFreshCounts({ counts, base, uploads, left }: FreshCounts): FreshCountsFile {
  return { ...encodeItemCounts(counts), base, uploads: [...uploads], left: [...left] };
}

/** @throws ContractError if they do not follow their contract */
export function decodeFreshCounts({
  base,
  uploads,
  left,
  ...counts
}: FreshCountsFile): FreshCounts {
  return { counts: decodeItemCounts(counts), base, uploads: new Set(uploads), left: new Set(left) };
}

/** Adds an upload; one that was added before changes nothing. */
export function addUpload(fresh: FreshCounts, upload: string, counts: ItemCounts): FreshCounts {
  if (fresh.uploads.has(upload)) return fresh;
  return {
    ...fresh,
    counts: addCounts(fresh.counts, counts),
    uploads: new Set([...fresh.uploads, upload]),
  };
}
