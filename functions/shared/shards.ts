import { ContractError } from '#lib/contracts/errors.ts';
import { partNumberOf, runs } from '#lib/contracts/keys.ts';
import {
  type AllActionsManifest,
  allActionsManifest,
  expectWhole,
} from '#lib/sequences/all-actions.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeSequenceShard, type SequenceShard } from '#lib/sequences/shard.ts';
import type { Objects } from '#platform/objects.ts';
import { mapAhead } from './concurrently.ts';

/**
 * All training shards of a run, one after the other.
 *
 * @throws MissingArtefactError for a shard that is not there, ContractError when they have other rows than the manifest
 *   says
 */
export async function* readTrainingShards(
  objects: Objects,
  run: string,
  { shards, trainSequences }: SequencesManifest,
): AsyncGenerator<SequenceShard> {
  let rows = 0;
  const parts = Array.from({ length: shards }, (_, part) => part);
  const files = mapAhead(parts, (part) => objects.getBytes(runs.trainShard(run, part)));
  for await (const file of files) {
    const shard = decodeSequenceShard(file);
    rows += shard.users.length;
    yield shard;
  }
  if (rows === trainSequences) return;
  throw new ContractError(
    `The training shards of run ${run} have ${rows} rows, but their manifest says ${trainSequences}: they are not of one build. Begin a run of another name.`,
  );
}

/**
 * Those of some users who have training rows.
 *
 * @throws what `readTrainingShards` throws
 */
export async function trainedUsers(
  objects: Objects,
  run: string,
  manifest: SequencesManifest,
  some: Iterable<string>,
): Promise<Set<string>> {
  const asked = new Set(some);
  const trained = new Set<string>();
  for await (const { users } of readTrainingShards(objects, run, manifest)) {
    for (const user of users) if (asked.has(user)) trained.add(user);
  }
  return trained;
}

/**
 * Rows of all actions of a run, held-out ones included, one part after the other.
 *
 * @throws MissingArtefactError for a part that is not there, ContractError when they are not those of the run's sequences
 */
export async function* readAllActions(
  objects: Objects,
  run: string,
  sequences: SequencesManifest,
): AsyncGenerator<SequenceShard> {
  const manifest = await objects.getJson(runs.allActionsManifest(run), allActionsManifest);
  const read = (part: number) => objects.getBytes(runs.allActions(run, part));
  yield* readParts(read, manifest, sequences, run);
}

/** The same of those before its test cases. @throws what `readAllActions` throws */
export async function* readBeforeTest(
  objects: Objects,
  run: string,
  sequences: SequencesManifest,
): AsyncGenerator<SequenceShard> {
  const manifest = await objects.getJson(runs.beforeTestManifest(run), allActionsManifest);
  const read = (part: number) => objects.getBytes(runs.beforeTest(run, part));
  yield* readParts(read, manifest, sequences, run);
}

async function* readParts(
  read: (part: number) => Promise<Uint8Array>,
  manifest: AllActionsManifest,
  { dataHash }: SequencesManifest,
  run: string,
): AsyncGenerator<SequenceShard> {
  const parts = Array.from({ length: manifest.parts }, (_, part) => part);
  let rows = 0;
  for await (const file of mapAhead(parts, read)) {
    const shard = decodeSequenceShard(file);
    rows += shard.users.length;
    yield shard;
  }
  expectWhole(rows, manifest, dataHash, `Run ${run}`);
}

/** Numbers of the training shards that have no augmented one. */
export async function unansweredShards(
  objects: Objects,
  run: string,
  shards: number,
): Promise<number[]> {
  const answered = new Set<number | undefined>();
  for await (const { key } of objects.list(runs.augmentedPrefix(run)))
    answered.add(partNumberOf(key));
  return Array.from({ length: shards }, (_, part) => part).filter((part) => !answered.has(part));
}
