import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planEnvironment } from '#functions/plan-environment/decide.ts';
import { registerEnvironment } from '#functions/register-model/register.ts';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { deletions, environments, runs, uploads } from '#lib/contracts/keys.ts';
import { addedItemsOf, decodeItemIds, ItemMap } from '#lib/environment/item-map.ts';
import { encodeAnswersIndex } from '#lib/environment/kept-answers.ts';
import { environmentPlan } from '#lib/environment/version.ts';
import { encodeItemTable } from '#lib/sequences/item-table.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { startBucket } from '../bucket.ts';

const config = parseConfig(
  {
    training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn', lea: {} }] },
  },
  'test',
);
const manifest = smallSequences().manifest;
const monday = new Date('2026-11-23T03:30:00Z');
const days = (count: number) => new Date(monday.getTime() + count * 86_400_000);

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
  await bucket.objects.putBytes(
    `${uploads.baseModelPrefix(config.environment.baseModel)}x.bin`,
    '1',
  );
});
afterEach(() => bucket.stop());

const tableOf = (items: Readonly<Record<string, number>>) =>
  encodeItemTable({
    itemIds: Object.keys(items),
    titles: Object.keys(items).map((id) => `title of ${id}`),
    fields: Object.keys(items).map(() => ({})),
    counts: Int32Array.from(Object.values(items)),
  });

/** A run's vocabulary with what it counts, and what is decided. */
async function plan(
  run: string,
  items: Readonly<Record<string, number>>,
  now: Date,
  own = config,
  sequences = manifest,
) {
  await bucket.objects.putBytes(runs.itemTable(run), tableOf(items));
  const decision = await planEnvironment(bucket.objects, run, own, sequences, now);
  return {
    ...decision,
    plan: await bucket.objects.getJson(runs.environmentPlan(run), environmentPlan),
  };
}

/** What a job leaves that has fitted an environment on a run's vocabulary. */
async function fitOn(run: string, version: string, items: Readonly<Record<string, number>>) {
  const job = `${runs.jobsPrefix(run)}job/output/model/`;
  const ids = Int32Array.from(Object.keys(items).keys());
  await bucket.objects.putBytes(
    `${job}items.arrow`,
    addedItemsOf(decodeColumns(tableOf(items), 't'), ids),
  );
  await bucket.objects.putBytes(`${job}manifest.json`, '{}');
  await registerEnvironment(bucket.objects, { run, name: version, artefacts: `s3://data/${job}` });
}

const indicesOf = async (run: string, count: number) => {
  const map = ItemMap.decode(await bucket.objects.getBytes(runs.environmentItems(run)));
  return [...map.toEnvironment(Int32Array.from({ length: count }, (_, row) => row + 1))];
};

const first = { a: 10, b: 6, c: 4 };

describe('Function: planEnvironment', () => {
  it('on the first night fits one, with the items in the order of the vocabulary', async () => {
    const decision = await plan('mon', first, monday);

    expect(decision).toMatchObject({ fresh: false, augmentationNeeded: true });
    expect(decision.plan).toMatchObject({ answersOf: null, newItems: 0 });
    expect(await indicesOf('mon', 3)).toEqual([1, 2, 3]);
  });

  it('uses it again on the next night, though items have come and popularity has changed', async () => {
    // Arrange
    const { version } = await plan('mon', first, monday);
    await fitOn('mon', version, first);
    // Act
    const second = await plan('tue', { b: 12, a: 11, new: 1, c: 4 }, new Date());
    // Assess
    expect(second).toMatchObject({ version, fresh: true });
    expect(second.plan).toMatchObject({ newItems: 1, answersOf: null });
    expect(await indicesOf('tue', 4)).toEqual([2, 1, 4, 3]);
    const added = await bucket.objects.getBytes(environments.added(version, 0));
    expect(decodeItemIds(added)).toEqual(['new']);
    expect(decodeColumns(added, 't').column('title').strings()).toEqual(['title of new']);
  });

  it('an item that was added keeps its index, and the next one gets the next', async () => {
    // Arrange
    const { version } = await plan('mon', first, monday);
    await fitOn('mon', version, first);
    await plan('tue', { ...first, new: 1 }, new Date());
    // Act
    const third = await plan('wed', { newer: 1, ...first, new: 1 }, new Date());
    // Assess
    expect(third.plan.newItems).toBe(2);
    expect(await indicesOf('wed', 5)).toEqual([5, 1, 2, 3, 4]);
    const added = await bucket.objects.getBytes(environments.added(version, 1));
    expect(decodeItemIds(added)).toEqual(['newer']);
  });

  it('decides once for all attempts of a run', async () => {
    // Arrange
    const { version } = await plan('mon', first, monday);
    await fitOn('mon', version, first);
    await plan('tue', { ...first, new: 1 }, new Date());
    // Act
    const again = await plan('tue', { ...first, new: 1 }, new Date());
    // Assess
    expect(again).toMatchObject({ version, fresh: true });
    expect(await bucket.objects.head(environments.added(version, 1))).toBeUndefined();
  });

  it('fits a new one once too many actions are on items that have come since', async () => {
    // Arrange
    const { version } = await plan('mon', first, monday);
    await fitOn('mon', version, first);
    // Act: 3 of 23 actions
    const second = await plan('tue', { ...first, new: 3 }, new Date());
    // Assess
    expect(second.fresh).toBe(false);
    expect(second.version).not.toBe(version);
    expect(await indicesOf('tue', 4)).toEqual([1, 2, 3, 4]);
    expect(await bucket.objects.head(environments.added(version, 0))).toBeUndefined();
  });

  it.each([
    ['is too old', () => days(10_000)],
    [
      'was fitted on another base model of the same name',
      async () => {
        const key = `${uploads.baseModelPrefix(config.environment.baseModel)}x.bin`;
        await bucket.objects.putBytes(key, '2');
        return new Date();
      },
    ],
    [
      'has lost its items',
      async () => {
        const { value } = (await bucket.objects.getVersion(
          runs.environmentPlan('mon'),
          environmentPlan,
        ))!;
        await bucket.objects.remove([environments.items(value.version)]);
        return new Date();
      },
    ],
  ])('fits a new one where the last one %s', async (_, arrange) => {
    // Arrange
    const { version } = await plan('mon', first, monday);
    await fitOn('mon', version, first);
    const now = await arrange();
    // Act
    const second = await plan('tue', first, now);
    // Assess
    expect(second.fresh).toBe(false);
    expect(second.version).not.toBe(version);
  });

  it('with environment.warmStart begins a new one from the last, if that is made alike and is there', async () => {
    // Arrange
    const warm = parseConfig(
      {
        environment: { warmStart: true },
        training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn', lea: {} }] },
      },
      'test',
    );
    const { version, plan: alone } = await plan('mon', first, monday, warm);
    await fitOn('mon', version, first);
    // Act
    const later = await plan('tue', first, days(10_000), warm);
    const cold = await plan('wed', first, days(10_000));
    const again = await plan('thu', first, new Date(), warm);
    const other = { ...warm, environment: { ...warm.environment, layers: 1 } };
    const unlike = await plan('fri', first, new Date(), other);
    await bucket.objects.putJson(deletions.report('x'), {});
    const forgotten = await plan('sun', first, days(10_000), warm);
    await bucket.objects.remove([deletions.report('x'), environments.items(version)]);
    const gone = await plan('sat', first, days(10_000), warm);
    // Assess
    expect(alone.startsFrom).toBeNull();
    expect(later.plan.startsFrom).toBe(version);
    expect(later.channels).toMatchObject([
      {
        ChannelName: 'sequences',
        DataSource: { S3DataSource: { S3Uri: `s3://data/${runs.sequencesPrefix('tue')}` } },
      },
      {
        ChannelName: 'basemodel',
        DataSource: {
          S3DataSource: {
            S3Uri: `s3://data/${uploads.baseModelPrefix(warm.environment.baseModel)}`,
          },
        },
      },
      {
        ChannelName: 'earlier',
        DataSource: { S3DataSource: { S3Uri: `s3://data/environments/${version}/` } },
      },
    ]);
    expect(again).toMatchObject({ fresh: true, version });
    for (const own of [cold, again, unlike, forgotten, gone]) {
      expect(own.plan.startsFrom).toBeNull();
      expect(own.channels).toHaveLength(2);
    }
  });

  it('names the run whose answers may be taken, as long as they are there', async () => {
    // Arrange
    const { version } = await plan('mon', first, monday);
    await fitOn('mon', version, first);
    await bucket.objects.putJson(environments.answers(version), { run: 'mon' });
    // Act and assess
    expect((await plan('tue', first, new Date())).plan.answersOf).toBeNull();
    await bucket.objects.putBytes(runs.answersIndex('mon'), encodeAnswersIndex(new Map()));
    expect((await plan('wed', first, new Date())).plan.answersOf).toBe('mon');
  });

  it('looks at no vocabulary where no model uses the environment', async () => {
    // Arrange
    const without = parseConfig(
      { training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] } },
      'test',
    );
    // Act
    const decision = await planEnvironment(bucket.objects, 'mon', without, manifest, monday);
    // Assess
    expect(decision).toMatchObject({ fresh: false, augmentationNeeded: false });
    expect(await bucket.objects.head(runs.environmentItems('mon'))).toBeUndefined();
  });
});
