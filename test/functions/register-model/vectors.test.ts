import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registerVectors } from '#functions/register-model/vectors.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { runs, vectors } from '#lib/contracts/keys.ts';
import { vectorsRegistration } from '#lib/environment/vectors-plan.ts';
import { startBucket } from '../bucket.ts';

const job = 'runs/night/jobs/lea-night-1-vectors-0/output/model/';
const registration = { run: 'night', name: 'fingerprint', artefacts: `s3://data/${job}` };
const config = parseConfig(
  {
    environment: { baseModel: 'small' },
    training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised', text: {} }] },
  },
  'test',
);

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
  await bucket.objects.putJson(runs.config('night'), config);
});
afterEach(() => bucket.stop());

async function jobLeft(space: string, parts: readonly string[]): Promise<void> {
  await bucket.objects.putBytes(`${job}item-vectors.arrow`, 'vectors');
  await bucket.objects.putJson(`${job}metrics.json`, { items: 2, computed: 1, space });
  for (const part of parts) {
    await bucket.objects.putBytes(`${job}store/${space}/part-${part}.arrow`, part);
  }
}

async function keysBelow(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.objects.list(prefix)) keys.push(key);
  return keys;
}

describe('Function: registerVectors', () => {
  test('adds new sentences to the store and names the run as the latest; a second call changes nothing', async () => {
    // Arrange
    await bucket.objects.putBytes(vectors.part('small', 'aaaa', '0'), 'earlier');
    await jobLeft('aaaa', ['1']);
    // Act
    const key = await registerVectors(bucket.objects, registration);
    const first = await keysBelow('');
    await registerVectors(bucket.objects, registration);
    // Assess
    expect(await keysBelow('')).toStrictEqual(first);
    expect(key).toBe(runs.itemVectors('night'));
    expect(Buffer.from(await bucket.objects.getBytes(key)).toString()).toBe('vectors');
    expect(await keysBelow(vectors.sentences('small'))).toStrictEqual([
      vectors.part('small', 'aaaa', '0'),
      vectors.part('small', 'aaaa', '1'),
      vectors.use('small', 'aaaa'),
    ]);
    expect(await bucket.objects.getJson(vectors.latest, vectorsRegistration)).toMatchObject({
      run: 'night',
      fingerprint: 'fingerprint',
      space: { baseModel: 'small', name: 'aaaa' },
    });
  });

  test('writes down that a space was read also where nothing was new', async () => {
    // Arrange
    await jobLeft('aaaa', []);
    // Act
    await registerVectors(bucket.objects, registration);
    // Assess
    expect(await keysBelow(vectors.sentences('small'))).toStrictEqual([
      vectors.use('small', 'aaaa'),
    ]);
  });

  test('has no space for an encoder without a base model', async () => {
    // Arrange
    await jobLeft('', []);
    // Act
    await registerVectors(bucket.objects, registration);
    // Assess
    const { space } = await bucket.objects.getJson(vectors.latest, vectorsRegistration);
    expect(space).toBeNull();
    expect(await keysBelow(vectors.sentences('small'))).toStrictEqual([]);
  });

  test('refuses a job that ended before its vectors were complete', async () => {
    // Arrange
    await bucket.objects.putBytes(`${job}item-vectors.arrow`, 'half');
    // Assess
    await expect(registerVectors(bucket.objects, registration)).rejects.toThrow(
      /left no metrics.json/,
    );
    expect(await bucket.objects.head(runs.itemVectors('night'))).toBeUndefined();
  });
});
