import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registerEnvironment, registerRecommender } from '#functions/register-model/register.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import { environmentRegistration } from '#lib/environment/version.ts';
import { startBucket } from '../bucket.ts';

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

const job = 'runs/night/jobs/lea-night-1/output/model/';
const artefacts = `s3://data/${job}`;

async function keysBelow(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.objects.list(prefix)) keys.push(key.slice(prefix.length));
  return keys;
}

describe('Function: registerRecommender', () => {
  test.each([artefacts, artefacts.slice(0, -1)])('copies every file from %s', async (source) => {
    await bucket.objects.putBytes(`${job}manifest.json`, '{}');
    await bucket.objects.putBytes(`${job}ranks/test.bin`, 'ranks');

    const prefix = await registerRecommender(bucket.objects, {
      run: 'night',
      name: 'sasrec',
      artefacts: source,
    });

    expect(prefix).toBe('runs/night/models/sasrec/');
    expect(await keysBelow(prefix)).toEqual(['manifest.json', 'ranks/test.bin']);
  });

  test('refuses a job that left no complete model', async () => {
    await bucket.objects.putBytes(`${job}weights.bin`, 'half');

    const registration = registerRecommender(bucket.objects, {
      run: 'night',
      name: 'a',
      artefacts,
    });

    await expect(registration).rejects.toThrow(/left no manifest.json/);
    expect(await keysBelow(runs.modelPrefix('night', 'a'))).toEqual([]);
  });
});

describe('Function: registerEnvironment', () => {
  test('makes it the latest one; a second call changes nothing', async () => {
    // Arrange
    await bucket.objects.putBytes(`${job}manifest.json`, '{}');
    await bucket.objects.putJson(runs.environmentPlan('night'), {
      version: 'night-abc',
      fingerprint: 'abc',
    });
    const registration = { run: 'night', name: 'night-abc', artefacts };

    // Act
    await registerEnvironment(bucket.objects, registration);
    const first = await bucket.objects.getJson(environments.latest, environmentRegistration);
    await registerEnvironment(bucket.objects, registration);

    // Assess
    const second = await bucket.objects.getJson(environments.latest, environmentRegistration);
    expect(first).toMatchObject({ version: 'night-abc', fingerprint: 'abc', run: 'night' });
    expect(second).toEqual(first);
  });
});
