import { runs } from '#lib/contracts/keys.ts';
import type { WritableObjects } from '#lib/contracts/objects.ts';
import { type AllActionsManifest, countActions } from './all-actions.ts';
import type { BuiltSequences } from './build.ts';
import { encodeEvaluationCases } from './evaluation-cases.ts';
import type { Everybody } from './everybody.ts';
import {
  type EverybodyManifest,
  encodeAllItems,
  encodeRecentHistories,
} from './everybody-files.ts';
import { encodeFieldIndex } from './field-index.ts';
import { encodeInteractionEvents } from './interaction-events.ts';
import { encodeItemTable } from './item-table.ts';
import { encodeSequenceShard } from './shard.ts';
import { encodeUsers, type UserStorePart } from './user-store.ts';

/** Writes at the same time. */
const CONCURRENCY = 16;

/**
 * Writes everything below `runs/<run>/sequences/`, `.../all-actions/` and `.../everybody/`, the manifest of the sequences last: its
 * presence says that the rest is there.
 */
export async function writeSequences(
  objects: WritableObjects,
  run: string,
  sequences: BuiltSequences,
): Promise<void> {
  const { itemTable, shards, validation, test, arrived, events, manifest, excluded } = sequences;
  await writeEverybody(objects, run, sequences.everybody);
  await writeAllActions(objects, run, sequences);
  await objects.putBytes(runs.itemTable(run), encodeItemTable(itemTable));
  await objects.putBytes(
    runs.evaluationCases(run, 'validation'),
    encodeEvaluationCases(validation),
  );
  await objects.putBytes(runs.evaluationCases(run, 'test'), encodeEvaluationCases(test));
  if (arrived !== undefined) {
    await objects.putBytes(runs.evaluationCases(run, 'arrived'), encodeEvaluationCases(arrived));
  }
  await objects.putBytes(runs.events(run), encodeInteractionEvents(events));
  await objects.putJson(runs.excluded(run), excluded);
  const parts = shards.entries();
  const write = async () => {
    for (const [part, shard] of parts) {
      await objects.putBytes(runs.trainShard(run, part), encodeSequenceShard(shard));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, write));
  await objects.putJson(runs.sequencesManifest(run), manifest);
}

/** Writes everything below `runs/<run>/all-actions/`, the manifest last. */
async function writeAllActions(
  objects: WritableObjects,
  run: string,
  { allActions, manifest }: BuiltSequences,
): Promise<void> {
  for (const [part, shard] of allActions.entries()) {
    await objects.putBytes(runs.allActions(run, part), encodeSequenceShard(shard));
  }
  await objects.putJson(runs.allActionsManifest(run), {
    parts: allActions.length,
    rows: allActions.reduce((sum, { users }) => sum + users.length, 0),
    actions: countActions(allActions),
    dataHash: manifest.dataHash,
  } satisfies AllActionsManifest);
}

/** Writes everything below `runs/<run>/everybody/`, the manifest last. */
export async function writeEverybody(
  objects: WritableObjects,
  run: string,
  { items, fields, parts }: Everybody,
): Promise<void> {
  await objects.putBytes(runs.allItems(run), encodeAllItems(items));
  if (fields) await objects.putBytes(runs.fieldIndex(run), encodeFieldIndex(fields));
  const stored: UserStorePart[] = [];
  for (const [number, histories] of parts.entries()) {
    await objects.putBytes(runs.recentHistories(run, number), encodeRecentHistories(histories));
    const { bytes, part } = encodeUsers(histories, items);
    await objects.putBytes(runs.userStore(run, number), bytes);
    stored.push(part);
  }
  await objects.putJson(runs.userStoreManifest(run), { parts: stored });
  await objects.putJson(runs.everybodyManifest(run), {
    users: parts.reduce((sum, { users }) => sum + users.length, 0),
    items: items.itemIds.length,
    listedItems: items.isListed.reduce((sum, isListed) => sum + isListed, 0),
    parts: parts.length,
  } satisfies EverybodyManifest);
}
