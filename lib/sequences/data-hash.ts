import { createHash } from 'node:crypto';
import { batchesOf } from '#lib/columns/batches.ts';
import { caseBatches, type EvaluationCases } from './evaluation-cases.ts';
import { eventBatches, type InteractionEvents } from './interaction-events.ts';
import type { ItemTable } from './item-table.ts';
import type { SequenceShard } from './shard.ts';

/*
 * The data hash: SHA-256 of the digests of all that a run's shards, cases and vocabulary say, each SHA-256 as well, so that
 * parts can be digested where they are made.
 */

type Numbers = Int32Array | Float32Array | Float64Array | Uint8Array;

/** Digests of everything that the data hash covers. */
export interface Digests {
  readonly itemTable: string;
  /** In the order of the shards. */
  readonly shards: readonly string[];
  readonly validation: string;
  readonly test: string;
  readonly events: string;
}

export function hashSequences({ itemTable, shards, validation, test, events }: Digests): string {
  return digest([itemTable, shards, validation, test, events], []);
}

export const digestItemTable = ({ itemIds, titles, fields, counts }: ItemTable): string =>
  digest([itemIds, titles, fields], [counts]);

export const digestShard = (shard: SequenceShard): string =>
  digest(shard.users, [shard.starts, shard.offsets, shard.items, shard.timestamps, shard.rewards]);

export const digestCases = (cases: EvaluationCases): string =>
  digestOf(batchesOf(cases, caseBatches).map(digestCaseBatch));

export const digestCaseBatch = (cases: EvaluationCases): string =>
  digest(
    [cases.users, cases.eventTypes],
    [
      ...[cases.requests, cases.times, cases.offsets, cases.items, cases.historyTimes],
      ...[cases.earlierOffsets, cases.earlierItems, cases.targets, cases.rewards],
    ],
  );

export const digestEvents = (events: InteractionEvents): string =>
  digestOf(batchesOf(events, eventBatches).map(digestEventBatch));

export const digestEventBatch = ({ items, times, isHeldOut }: InteractionEvents): string =>
  digest([], [items, times, isHeldOut]);

/** The digest of a table, of those of its batches. */
export const digestOf = (batches: readonly string[]): string => digest(batches, []);

function digest(texts: unknown, columns: readonly Numbers[]): string {
  const hash = createHash('sha256').update(JSON.stringify(texts)).update('\n');
  for (const { buffer, byteOffset, byteLength } of columns) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}
