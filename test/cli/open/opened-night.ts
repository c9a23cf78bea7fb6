import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { storedObjects } from '#cli/artefacts/stored-objects.ts';
import { championPointer } from '#lib/contracts/champion.ts';
import { reports, runs, serving, uploads } from '#lib/contracts/keys.ts';
import { encodeAugmentedShard, transitionOffsetsOf } from '#lib/environment/augmented-shard.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeSequenceShard } from '#lib/sequences/shard.ts';
import { openStoredObjects } from '#local/stored-objects.ts';
import type { Objects } from '#platform/objects.ts';
import { promoteSmallModel } from '../../functions/champion.ts';
import { finishNight } from '../artefacts/finished-night.ts';

/** Rewards that the environment has said: of the item with this index, taken or proposed. */
export const rewardOf = (item: number) => Math.fround(item / 100);

/** A night with answers of the environment, a champion before, a report and a title that is no text. */
export async function openNight() {
  const out = await finishNight();
  const stored = openStoredObjects(join(out, 'cloud'));
  const objects = storedObjects(stored.disk, 'data');
  const after = (await objects.getVersion(serving.champion, championPointer))!.value;
  const previous = await promoteSmallModel(objects, 'earlier', 2);
  await objects.putJson(serving.champion, after);
  await objects.putJson(serving.championHistory('a'), { champion: after, previous });
  await answer(objects);
  await objects.putBytes(runs.report('a'), '<!doctype html><h1>Report of a</h1>');
  await objects.putBytes(reports.index, '<!doctype html><h1>All nights</h1>');
  const line = { file: 'logs/x.csv', line: 7, reason: 'broken-json', detail: 'is no JSON' };
  await objects.putBytes(
    uploads.quarantine('20261123T110000Z-2', 0),
    gzipSync(`${JSON.stringify({ ...line, row: '<img src=x onerror=alert(1)>' })}\n`),
  );
  return { out, objects, stop: async () => stored.stop() };
}

/** What an environment might have answered: every transition has one candidate, the item after the taken one. */
async function answer(objects: Objects): Promise<void> {
  const { shards, items } = await objects.getJson(runs.sequencesManifest('a'), sequencesManifest);
  for (let part = 0; part < shards; part++) {
    const shard = decodeSequenceShard(await objects.getBytes(runs.trainShard('a', part)));
    const transitionOffsets = transitionOffsetsOf(shard.offsets);
    const taken = shard.users.flatMap((_, row) => [
      ...shard.items.subarray(shard.offsets[row]! + 1, shard.offsets[row + 1]),
    ]);
    const candidates = Int32Array.from(taken, (item) => (item % items) + 1);
    const spreads = new Float32Array(taken.length).fill(0.25);
    const answered = encodeAugmentedShard({
      ...shard,
      stateDimension: 1,
      states: new Uint16Array(shard.items.length),
      transitionOffsets,
      rewards: Float32Array.from(taken, rewardOf),
      rewardSpreads: spreads,
      candidateOffsets: Int32Array.from({ length: taken.length + 1 }, (_, at) => at),
      candidates,
      candidateRewards: Float32Array.from(candidates, rewardOf),
      candidateRewardSpreads: spreads,
      candidateChances: new Float32Array(taken.length),
    });
    await objects.putBytes(runs.augmentedShard('a', part), answered);
  }
  await objects.putJson(runs.augmentedManifest('a'), { shards, missing: [] });
}
