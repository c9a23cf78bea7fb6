import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTrainingShards, trainedUsers, unansweredShards } from '#functions/shared/shards.ts';
import { ContractError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { startBucket } from '../bucket.ts';

const { manifest, ...built } = smallSequences();

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
  await writeSequences(bucket.objects, 'a', { manifest, ...built });
});
afterEach(() => bucket.stop());

async function read(counted = manifest) {
  const shards = [];
  for await (const shard of readTrainingShards(bucket.objects, 'a', counted)) shards.push(shard);
  return shards;
}

describe('Function: readTrainingShards', () => {
  it('reads all shards in their order', async () => {
    expect(await read()).toStrictEqual(built.shards);
  });

  it('fails for a shard that the manifest counts and that is not there', async () => {
    // Arrange
    await bucket.objects.remove([runs.trainShard('a', 1)]);
    // Assess
    await expect(read()).rejects.toBeInstanceOf(MissingArtefactError);
    await expect(read()).rejects.toThrow(runs.trainShard('a', 1));
  });

  it('fails when there are other rows than the manifest counts', async () => {
    const counted = { ...manifest, trainSequences: manifest.trainSequences - 1 };
    await expect(read(counted)).rejects.toBeInstanceOf(ContractError);
  });
});

describe('Function: trainedUsers', () => {
  it('names those of the users who are asked about that have training rows', async () => {
    const users = built.shards.flatMap((shard) => shard.users);
    const some = [users.at(-1)!, 'nobody', users[0]!];

    const trained = await trainedUsers(bucket.objects, 'a', manifest, some);

    expect([...trained].sort()).toEqual([users[0]!, users.at(-1)!].sort());
  });
});

describe('Function: unansweredShards', () => {
  it('names the shards without an answer, whatever else lies there', async () => {
    // Arrange
    const { objects } = bucket;
    for (const part of [0, 2, 7]) await objects.putBytes(runs.augmentedShard('a', part), 'x');
    await objects.putJson(runs.augmentedManifest('a'), {});
    // Act
    const missing = await unansweredShards(objects, 'a', 5);
    // Assess
    expect(missing).toStrictEqual([1, 3, 4]);
  });
});
