import * as z from 'zod';
import { ContractError } from '#lib/contracts/errors.ts';
import type { SequenceShard } from './shard.ts';

/*
 * `runs/<run>/all-actions/` (docs/contracts.md, 3): rows as those of the training shards, of all actions, in the run's
 * vocabulary. Nothing is judged by what has seen them.
 */

/** Items of a part, at most, unless a row is longer. */
export const itemsPerPart = 65_536;

/** `runs/<run>/all-actions/manifest.json`, written last. */
export const allActionsManifest = z.strictObject({
  parts: z.int().min(1),
  rows: z.int().min(1),
  actions: z.int().min(1),
  /** That of the sequences they were built with. */
  dataHash: z.string().regex(/^[0-9a-f]{64}$/),
});

export type AllActionsManifest = z.infer<typeof allActionsManifest>;

/**
 * @param rows of all parts
 * @param where names them in the message
 * @throws ContractError if the parts are not all of them, or of another build than the sequences
 */
export function expectWhole(
  rows: number,
  manifest: AllActionsManifest,
  dataHash: string,
  where: string,
): void {
  if (rows === manifest.rows && dataHash === manifest.dataHash) return;
  const why =
    rows === manifest.rows
      ? 'they are of another build than its sequences'
      : `there are ${rows} rows, but their manifest says ${manifest.rows}`;
  throw new ContractError(`${where}: the rows of all actions cannot be used, ${why}.`);
}

/** How many actions rows have: rows of one history overlap by one item. */
export function countActions(shards: readonly SequenceShard[]): number {
  let actions = 0;
  for (const { items, starts } of shards) {
    actions += items.length;
    for (const start of starts) if (start > 0) actions--;
  }
  return actions;
}

/**
 * How often each item was taken, item `i` at place `i - 1` of `counts` `[items]`, and how many rows there are, with how many
 * items in them.
 *
 * @param items size of the vocabulary
 */
export function countRows(shards: Iterable<SequenceShard>, items: number) {
  const counts = new Int32Array(items);
  const size = { rows: 0, values: 0 };
  for (const shard of shards) {
    addTaken(shard, counts);
    size.rows += shard.users.length;
    size.values += shard.items.length;
  }
  return { counts, size };
}

/** Adds how often a shard's rows took each item to `counts`, `[items]`. */
export function addTaken({ starts, offsets, items }: SequenceShard, counts: Int32Array): void {
  starts.forEach((start, row) => {
    const begin = offsets[row]! + (start > 0 ? 1 : 0);
    for (let at = begin; at < offsets[row + 1]!; at++) counts[items[at]! - 1]!++;
  });
}
