import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainDifferences, readRunConfig } from '#functions/shared/run-config.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { startBucket } from '../bucket.ts';

const training = { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] };
const config = parseConfig({ training }, 'test');

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeAll(async () => {
  bucket = await startBucket();
});
afterAll(() => bucket.stop());

const store = (value: unknown) => bucket.objects.putJson(runs.config('a'), value);

describe('Function: readRunConfig', () => {
  it('fills in settings that are new since the run was begun', async () => {
    // Arrange
    const { retention: _, ...operations } = config.operations;
    await store({ ...config, operations });
    // Act
    const read = await readRunConfig(bucket.objects, 'a');
    // Assess
    expect(read).toStrictEqual(config);
    expect(explainDifferences(read, config)).toBe('');
  });

  it('names settings that are gone since then, and says what to do', async () => {
    // Arrange
    const gone = { ...config, training: { ...config.training, targetNetworks: 2 } };
    await store(gone);
    // Act
    const reading = readRunConfig(bucket.objects, 'a');
    // Assess
    await expect(reading).rejects.toBeInstanceOf(ConfigError);
    await expect(reading).rejects.toThrow(
      /Run a was begun by another release .*runs\/a\/config\.json.*\n {2}training\.targetNetworks: unknown key\n.*another name, or resume this one with the release/,
    );
  });
});

describe('Function: explainDifferences', () => {
  it('names every setting that differs, with both values', () => {
    // Arrange
    const other = parseConfig(
      { training: { ...training, seed: 2 }, sequences: { window: 20 } },
      'test',
    );
    // Assess
    expect(explainDifferences(config, other).split('\n')).toStrictEqual([
      '  sequences.window: was 50, is 20',
      '  training.seed: was not set, is 2',
    ]);
    expect(explainDifferences(config, config)).toBe('');
  });
});
