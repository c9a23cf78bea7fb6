import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planVectors } from '#functions/plan-vectors/decide.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs, uploads, vectors } from '#lib/contracts/keys.ts';
import { decodeItemVectors, encodeItemVectors } from '#lib/environment/item-vectors.ts';
import type { VectorsRegistration } from '#lib/environment/vectors-plan.ts';
import { encodeCatalogue } from '#lib/sequences/catalogue-table.ts';
import { startBucket } from '../bucket.ts';

const configOf = (text: object | undefined, environment: object = {}) =>
  parseConfig(
    {
      environment: { baseModel: 'small', ...environment },
      training: {
        models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised', ...(text && { text }) }],
      },
    },
    'test',
  );
const config = configOf({});

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
  await bucket.objects.putBytes(`${uploads.baseModelPrefix('small')}config.json`, '{}');
});
afterEach(() => bucket.stop());

/** `{id: title}` */
async function putCatalogue(run: string, titles: Readonly<Record<string, string>>): Promise<void> {
  const items = Object.entries(titles).map(([id, title]) => [id, { title, fields: {} }] as const);
  await bucket.objects.putBytes(runs.catalogue(run), encodeCatalogue(new Map(items)));
}

/** What a job made of the run's catalogue, whose items are these: vectors (1, -1), (2, -2), ... */
async function putVectors(run: string, itemIds: readonly string[], permute = ''): Promise<void> {
  const vectors = Float32Array.from(itemIds.flatMap((_, row) => [row + 1, -row - 1]));
  const origin = {
    encoder: 'language-model' as const,
    baseModel: 'Small',
    baseModelOrigin: 'somewhere',
    layers: 2,
    pooling: 'mean',
    precision: 'float32',
    permute,
    whitening: '0123456789abcdef',
  };
  const bytes = encodeItemVectors({ itemIds, dimension: 2, vectors, origin });
  await bucket.objects.putBytes(runs.itemVectors(run), bytes);
}

/** A night that made vectors of this catalogue by a job. */
async function madeBefore(titles: Readonly<Record<string, string>>, permute = ''): Promise<void> {
  await putCatalogue('before', titles);
  const { fingerprint } = await planVectors(bucket.objects, 'before', config);
  await putVectors('before', Object.keys(titles).sort(), permute);
  await bucket.objects.putJson(vectors.latest, {
    run: 'before',
    fingerprint,
    space: { baseModel: 'small', name: 'aaaa' },
    madeAt: '2026-11-23T03:30:00.000Z',
  } satisfies VectorsRegistration);
}

const channelsOf = (channels: readonly object[]) =>
  channels.map((channel) => {
    const { ChannelName, DataSource } = channel as {
      ChannelName: string;
      DataSource: { S3DataSource: { S3Uri: string } };
    };
    return [ChannelName, DataSource.S3DataSource.S3Uri];
  });

describe('Function: planVectors', () => {
  test('needs nothing where no model has texts, not even a base model', async () => {
    expect(await planVectors(bucket.objects, 'a', configOf(undefined))).toStrictEqual({
      needed: false,
      fingerprint: '',
      channels: [],
    });
  });

  test('asks for a job, with the store only where there is one', async () => {
    // Arrange
    await putCatalogue('a', { x: 'X' });
    // Act
    const first = await planVectors(bucket.objects, 'a', config);
    await bucket.objects.putBytes(vectors.part('small', 'aaaa', '1'), 'x');
    const second = await planVectors(bucket.objects, 'a', config);
    // Assess
    const both = [
      ['catalogue', 's3://data/runs/a/catalogue/'],
      ['basemodel', 's3://data/base-models/small/'],
    ];
    expect(first.needed).toBe(true);
    expect(channelsOf(first.channels)).toStrictEqual(both);
    expect(channelsOf(second.channels)).toStrictEqual([
      ...both,
      ['store', 's3://data/item-vectors/small/'],
    ]);
  });

  test('knows what an earlier attempt made', async () => {
    // Arrange
    await putCatalogue('a', { x: 'X' });
    await putVectors('a', ['x']);
    // Assess
    expect(await planVectors(bucket.objects, 'a', config)).toMatchObject({
      needed: false,
      channels: [],
    });
  });

  test('puts vectors together when every text was in the catalogue before, under whatever id', async () => {
    // Arrange
    await madeBefore({ w: 'W', x: 'X', y: 'Y' });
    await putCatalogue('a', { y: 'Y', z: 'X' });
    // Act
    const { needed } = await planVectors(bucket.objects, 'a', config);
    // Assess
    expect(needed).toBe(false);
    const made = decodeItemVectors(await bucket.objects.getBytes(runs.itemVectors('a')));
    expect(made.itemIds).toStrictEqual(['y', 'z']);
    expect([...made.vectors]).toStrictEqual([3, -3, 2, -2]);
    expect(made.origin.whitening).toBe('0123456789abcdef');
  });

  test.each<[string, Readonly<Record<string, string>>, object]>([
    ['a new text', { x: 'X', new: 'N' }, {}],
    ['most texts gone', { x: 'X' }, {}],
    ['another setting', { w: 'W', x: 'X', y: 'Y' }, { itemVectors: { layers: 2 } }],
    ['another template', { w: 'W', x: 'X', y: 'Y' }, { itemTokens: { template: '{title}' } }],
  ])('asks for a job after %s', async (_, titles, environment) => {
    // Arrange
    await madeBefore({ w: 'W', x: 'X', y: 'Y' });
    await putCatalogue('a', titles);
    // Act
    const { needed } = await planVectors(bucket.objects, 'a', configOf({}, environment));
    // Assess
    expect(needed).toBe(true);
    expect(await bucket.objects.head(runs.itemVectors('a'))).toBeUndefined();
  });

  test('asks for a job when the base model under that name is another one', async () => {
    // Arrange
    await madeBefore({ x: 'X' });
    await putCatalogue('a', { x: 'X' });
    await bucket.objects.putBytes(`${uploads.baseModelPrefix('small')}config.json`, '{"a":1}');
    // Assess
    expect(await planVectors(bucket.objects, 'a', config)).toMatchObject({ needed: true });
  });

  test('asks for a job when vectors were handed to other items, and when they are gone', async () => {
    // Arrange
    await madeBefore({ x: 'X' }, '1');
    await putCatalogue('a', { x: 'X' });
    // Act
    const permuted = await planVectors(bucket.objects, 'a', config);
    await madeBefore({ x: 'X' });
    await bucket.objects.remove([runs.itemVectors('before')]);
    const gone = await planVectors(bucket.objects, 'a', config);
    // Assess
    expect([permuted.needed, gone.needed]).toStrictEqual([true, true]);
  });

  test('wants no base model for TF-IDF', async () => {
    // Arrange
    await putCatalogue('a', { x: 'X' });
    const tfidf = configOf({}, { baseModel: 'missing', itemVectors: { encoder: 'tfidf' } });
    // Act
    const { needed, channels } = await planVectors(bucket.objects, 'a', tfidf);
    // Assess
    expect(needed).toBe(true);
    expect(channelsOf(channels)).toStrictEqual([['catalogue', 's3://data/runs/a/catalogue/']]);
  });

  test('says what is missing before a job is paid', async () => {
    // Assess
    const nothing = planVectors(bucket.objects, 'a', config);
    await expect(nothing).rejects.toBeInstanceOf(MissingArtefactError);
    await expect(nothing).rejects.toThrow(/run a has no catalogue: upload one below catalog\//);
    // Arrange
    await putCatalogue('a', { x: 'X' });
    const other = configOf({}, { baseModel: 'missing' });
    // Assess
    await expect(planVectors(bucket.objects, 'a', other)).rejects.toThrow(
      /no base model "missing".*s3:\/\/data\/base-models\/missing\/.*"tfidf"/,
    );
  });
});
