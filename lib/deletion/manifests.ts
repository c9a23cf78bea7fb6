import { interactions, runs } from '#lib/contracts/keys.ts';
import { runManifest } from '#lib/contracts/run.ts';
import { boundsWithout, userStoreManifest } from '#lib/sequences/user-store.ts';
import type { DeletionObjects, Stored } from './objects.ts';

/**
 * Snapshots name the versions of what they list: a run that is resumed reads those of now. Manifests of histories name the first
 * and the last user of a part. Compared with what there is, so that an attempt repairs what the one before could not any more.
 */
export async function repairManifests(
  objects: DeletionObjects,
  users: ReadonlySet<string>,
): Promise<void> {
  const versions = new Map<string, Stored>();
  for await (const file of objects.list(interactions.prefix)) versions.set(file.key, file);
  for (const run of await runsOf(objects)) {
    await repairSnapshot(objects, run, versions);
    const store = await objects.getVersion(runs.userStoreManifest(run), userStoreManifest);
    if (store === undefined) continue;
    const read = (part: number) => objects.getBytes(runs.userStore(run, part));
    const parts = await boundsWithout(store.value, users, read);
    if (parts !== undefined) await objects.putJson(runs.userStoreManifest(run), { parts });
  }
}

async function repairSnapshot(
  objects: DeletionObjects,
  run: string,
  versions: ReadonlyMap<string, Stored>,
): Promise<void> {
  const snapshot = await objects.getVersion(runs.manifest(run), runManifest);
  if (snapshot === undefined) return;
  const { value } = snapshot;
  const listed = value.inputs.interactions;
  if (listed.every(({ key, etag }) => versions.get(key)?.etag === etag)) return;
  const now = listed.flatMap((input) => {
    const version = versions.get(input.key);
    return version === undefined ? [] : [{ ...input, etag: version.etag, size: version.bytes }];
  });
  const manifest = { ...value, inputs: { ...value.inputs, interactions: now } };
  await objects.putJson(runs.manifest(run), manifest);
}

/** Runs of which anything is kept. */
export async function runsOf(objects: DeletionObjects): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { key } of objects.list(runs.root)) found.add(key.split('/')[1]!);
  return found;
}
