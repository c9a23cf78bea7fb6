import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChampion } from '#lib/contracts/champion.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { encodeBlend } from '#lib/serving/blend-file.ts';
import { promoteSmallModel } from '../champion.ts';
import { context, startHandlerBucket } from '../handlers.ts';

const config = parseConfig(
  { training: { models: [{ name: 'plain', backbone: 'sasrec', objective: 'supervised' }] } },
  'test',
);

let bucket: Awaited<ReturnType<typeof startHandlerBucket>>;
let plan: (run: string) => Promise<string[]>;

beforeAll(async () => {
  bucket = await startHandlerBucket();
  const { handler } = await import('#functions/plan-training/handler.ts');
  plan = async (run) => {
    await bucket.objects.putJson(runs.config(run), config);
    const { jobs } = await handler({ run, resource: `lea-dev--${run}-1`, endpoint: null }, context);
    return jobs.map((job) =>
      [job.name, ...JSON.stringify(job.channels).matchAll(/runs\/([\w-]+)\/models/g)]
        .map((part) => (typeof part === 'string' ? part : part[1]))
        .join(' '),
    );
  };
});
afterAll(() => bucket.stop());

const fixed = (run: string) => bucket.objects.getJson(runs.champion(run), runChampion);

describe('Function: plan-training', () => {
  it('reads the champion once for all attempts of a run', async () => {
    // Arrange
    const champion = await promoteSmallModel(bucket.objects, 'before', 1);
    // Act
    const first = await plan('a');
    await promoteSmallModel(bucket.objects, 'meanwhile', 2);
    const resumed = await plan('a');
    const next = await plan('b');
    // Assess
    expect(first).toStrictEqual(['plain', 'champion before']);
    expect(resumed).toStrictEqual(first);
    expect(next).toStrictEqual(['plain', 'champion meanwhile']);
    expect(await fixed('a')).toStrictEqual({ inService: champion, unusable: null });
  });

  it('ranks a champion without a network nowhere else than where models are evaluated', async () => {
    // Arrange
    const champion = await promoteSmallModel(bucket.objects, 'rival', 1);
    const { description, weights } = encodeBlend({
      items: 1,
      window: 5,
      excludeHistory: false,
      components: [],
      counts: { epsilon: 1, terms: [{ halfLife: null, weight: 1 }] },
      trainingCounts: Int32Array.of(1),
    });
    const files = serving.modelFiles(champion.serving);
    await bucket.objects.putJson(files.description, description);
    await bucket.objects.putBytes(files.weights, weights);
    // Act
    const jobs = await plan('without-network');
    // Assess
    expect(jobs).toStrictEqual(['plain']);
    expect(await fixed('without-network')).toStrictEqual({ inService: champion, unusable: null });
  });

  it('ranks the champion again when the ranks may be of another one', async () => {
    // Arrange: an attempt that ranked a champion without recording which.
    await promoteSmallModel(bucket.objects, 'before', 1);
    await bucket.objects.putJson(runs.modelManifest('c', 'champion'), {});
    const recipe = recipeOf(config, config.training.models[0]!);
    await bucket.objects.putJson(runs.modelManifest('c', 'plain'), { recipe });
    // Act
    const jobs = await plan('c');
    const resumed = await plan('c');
    // Assess
    expect(jobs).toStrictEqual(['champion before']);
    expect(resumed).toStrictEqual([]);
  });

  it('trains a model again that an earlier release, or another recipe, has trained', async () => {
    // Arrange
    await bucket.objects.remove([serving.champion]);
    for (const [run, manifest] of [
      ['old', {}],
      ['other', { recipe: 'of something else' }],
    ] as const) {
      await bucket.objects.putJson(runs.modelManifest(run, 'plain'), manifest);
      // Act
      const jobs = await plan(run);
      // Assess
      expect(jobs).toStrictEqual(['plain']);
    }
  });

  it('plans a night without a champion whose files are gone, and says which', async () => {
    // Arrange
    const champion = await promoteSmallModel(bucket.objects, 'gone', 1);
    const { weights, vocabulary } = serving.modelFiles(champion.serving);
    await bucket.objects.remove([weights, vocabulary]);
    // Act
    const jobs = await plan('d');
    // Assess
    expect(jobs).toStrictEqual(['plain']);
    expect(await fixed('d')).toStrictEqual({
      inService: champion,
      unusable: `missing: ${weights}, ${vocabulary}`,
    });
  });

  it('plans the first night without a champion', async () => {
    // Arrange
    await bucket.objects.remove([serving.champion]);
    // Act
    const jobs = await plan('e');
    // Assess
    expect(jobs).toStrictEqual(['plain']);
    expect(await fixed('e')).toStrictEqual({ inService: null, unusable: null });
  });
});
