import * as z from 'zod';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import {
  encodeColumns,
  float64Values,
  int32Column,
  int32Values,
  listColumn,
  uint8Column,
  utf8Column,
} from '#lib/columns/arrow-writing.ts';
import type { AllItems, RecentHistories } from './everybody.ts';
import { readHistories } from './history-columns.ts';

const count = z.int().min(0);

/** `runs/<run>/everybody/manifest.json` (docs/contracts.md, 3), written last. */
export const everybodyManifest = z.strictObject({
  /** Users with at least one action. */
  users: count,
  /** Items that anybody took or the catalogue lists, and how many of them it lists. */
  items: count,
  listedItems: count,
  /** Files of histories. */
  parts: count,
});

export type EverybodyManifest = z.infer<typeof everybodyManifest>;

/** `everybody/latest.json`: the run that knows users and items best. */
export const everybodyLatest = z.strictObject({
  run: z.string(),
  /** When the run listed what had arrived. */
  snapshotAt: z.iso.datetime(),
});

export type EverybodyLatest = z.infer<typeof everybodyLatest>;

/** Writes all items as an Arrow IPC stream of one record batch. */
export function encodeAllItems({ itemIds, titles, counts, isListed }: AllItems): Uint8Array {
  return encodeColumns([
    utf8Column('item_id', itemIds),
    utf8Column('title', titles),
    int32Column('count', counts),
    uint8Column('listed', isListed),
  ]);
}

/** @throws ContractError naming the column that does not follow the contract */
export function decodeAllItems(bytes: Uint8Array): AllItems {
  const columns = decodeColumns(bytes, 'the table of all items');
  return {
    itemIds: columns.column('item_id').strings(),
    titles: columns.column('title').strings(),
    counts: columns.column('count').int32(),
    isListed: columns.column('listed').uint8(),
  };
}

/** Writes histories as an Arrow IPC stream of one record batch. */
export function encodeRecentHistories(histories: RecentHistories): Uint8Array {
  const { users, offsets, items, times, earlierOffsets, earlierItems } = histories;
  return encodeColumns([
    utf8Column('user_id', users),
    listColumn('items', offsets, int32Values(items)),
    listColumn('timestamps', offsets, float64Values(times)),
    listColumn('earlier', earlierOffsets, int32Values(earlierItems)),
  ]);
}

/**
 * Reads histories; the arrays may be views of `bytes`.
 *
 * @throws ContractError naming the column and row that do not follow the contract
 */
export function decodeRecentHistories(bytes: Uint8Array): RecentHistories {
  const what = 'the recent histories';
  return readHistories(decodeColumns(bytes, what), what, 1);
}
