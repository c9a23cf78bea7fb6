import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VariantsConfig } from '#lib/contracts/config/serving.ts';
import { UnavailableError } from '#lib/contracts/errors.ts';
import { type Impression, impression } from '#lib/contracts/impression.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { createDoor, type DoorOptions } from '#lib/serving/door/door.ts';
import type { RecommendAnswer } from '#lib/serving/response.ts';
import { startBucket } from '../../../functions/bucket.ts';
import { promoteSmallModel } from '../../../functions/champion.ts';

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

/** A door whose answers are kept in memory. */
function setUp(variants: VariantsConfig | null, options: Partial<DoorOptions> = {}) {
  const kept: Impression[] = [];
  const troubles: unknown[] = [];
  const door = createDoor(bucket.objects, {
    milliseconds: 0,
    wasmFolder: undefined,
    variants,
    impressions: {
      async add(one) {
        kept.push(impression.parse(one));
      },
    },
    onStale: (error) => troubles.push(error),
    onLost: (error) => troubles.push(error),
    now: () => 1.7e12,
    ...options,
  });
  const histories = Array.from({ length: 12 }, (_, at) => [`item-${at}`]);
  const askAll = async () => {
    const answers = [];
    for (const [at, history] of histories.entries()) {
      answers.push(await door.answer('recommend', { history, count: 3 }, `request-${at}`));
    }
    return answers as RecommendAnswer[];
  };
  return { door, kept, troubles, askAll };
}

const against = (run: string, name: string | null = null): VariantsConfig => ({
  experiment: 'autumn',
  share: 0.5,
  challenger: { run, name },
});

/** `two` is in service, and `one` was before it. */
async function promoteTwo(): Promise<void> {
  const one = await promoteSmallModel(bucket.objects, 'one', 1);
  await bucket.objects.putJson(serving.championHistory('one'), { champion: one, previous: null });
  await promoteSmallModel(bucket.objects, 'two', 2);
}

describe('Function: createDoor', () => {
  it('keeps what it answers', async () => {
    // Arrange
    await promoteSmallModel(bucket.objects, 'one', 1);
    const { door, kept } = setUp(null);
    // Act
    const answer = (await door.answer(
      'recommend',
      { history: ['item-3'], count: 2 },
      'a',
    )) as RecommendAnswer;
    const items = ['item-9', 'nobody-knows'];
    await door.answer('rerank', { history: ['item-3'], items }, 'b');
    await door.answer('similar', { item_id: 'item-3', count: 2 }, 'c');
    // Assess
    expect(answer).toMatchObject({ requestId: 'a', variant: 'champion' });
    expect(kept[0]).toStrictEqual({
      recommendation_id: 'a',
      time: 1.7e9,
      operation: 'recommend',
      user_id: null,
      experiment: null,
      variant: 'champion',
      propensity: 1,
      model: { run: 'one', name: 'small' },
      source: 'model',
      items: answer.items.map(({ item_id }) => item_id),
      scores: answer.items.map(({ score }) => score),
      count: 2,
    });
    expect(kept[1]).toMatchObject({ recommendation_id: 'b', items, count: 2 });
    expect(kept[1]!.scores[1]).toBeNull();
    expect(kept[2]).toMatchObject({ operation: 'similar', source: 'embedding', count: 2 });
  });

  it('answers all the same when an answer cannot be kept, and says so', async () => {
    await promoteSmallModel(bucket.objects, 'one', 1);
    const away = { add: () => Promise.reject(new UnavailableError('The stream is away.')) };
    const { door, troubles } = setUp(null, { impressions: away });

    const answer = await door.answer('recommend', { history: [], count: 1 }, 'a');

    expect(answer).toMatchObject({ requestId: 'a' });
    expect(troubles).toMatchObject([{ message: 'The stream is away.' }]);
  });

  it.each([
    ['an earlier champion', null],
    ['a model by name', 'small'],
  ])('shares those who ask out between the champion and %s', async (_, name) => {
    // Arrange
    await promoteTwo();
    const { askAll, kept, door } = setUp(against('one', name));
    // Act
    const answers = await askAll();
    await door.answer('similar', { item_id: 'item-3' }, 'other');
    // Assess
    const models = answers.map(({ variant, champion }) => [variant, champion.run].join(' '));
    expect(new Set(models)).toStrictEqual(new Set(['champion two', 'challenger one']));
    expect(kept.at(-1)).toMatchObject({ variant: 'champion', experiment: null, propensity: 1 });
    for (const [at, { variant, champion }] of answers.entries()) {
      const half = { experiment: 'autumn', propensity: 0.5 };
      expect(kept[at]).toMatchObject({ variant, model: champion, ...half });
    }
  });

  it('serves the challenger as fitted on all actions, where that was done', async () => {
    // Arrange: beside what was judged there is another model in its place.
    await promoteTwo();
    const fitted = await promoteSmallModel(bucket.objects, 'three', 3);
    await promoteSmallModel(bucket.objects, 'two', 2);
    const to = serving.modelFiles(runs.refittedPrefix('one', 'small'));
    for (const [file, key] of Object.entries(serving.modelFiles(fitted.serving))) {
      await bucket.objects.putBytes(
        to[file as keyof typeof to],
        await bucket.objects.getBytes(key),
      );
    }
    const asked = { history: ['item-1'], count: 5 };
    const onJudged = setUp({ ...against('one', 'small'), share: 0.9999 });
    const judged = (await onJudged.door.answer('recommend', asked, 'a')) as RecommendAnswer;
    await bucket.objects.putJson(runs.refittedManifest('one', 'small'), {
      task: 'refit',
      run: 'one',
      name: 'small',
      passes: null,
    });
    // Act
    const onFitted = setUp({ ...against('one', 'small'), share: 0.9999 });
    const answer = (await onFitted.door.answer('recommend', asked, 'a')) as RecommendAnswer;
    // Assess
    expect([judged.variant, answer.variant]).toStrictEqual(['challenger', 'challenger']);
    expect(answer.items).not.toStrictEqual(judged.items);
  });

  it('compares nobody while the challenger cannot be loaded, and tries again', async () => {
    // Arrange
    await promoteSmallModel(bucket.objects, 'two', 2);
    const { askAll, kept, troubles } = setUp(against('one'));
    // Act
    const before = await askAll();
    await promoteTwo();
    const after = await askAll();
    // Assess
    expect(new Set(before.map(({ variant }) => variant))).toStrictEqual(new Set(['champion']));
    expect(kept[0]).toMatchObject({ experiment: null, propensity: 1 });
    expect(String(troubles[0])).toContain(
      'The challenger, what was promoted of run one, cannot be loaded, so the champion answers everybody: Run one promoted nothing',
    );
    expect(new Set(after.map(({ variant }) => variant)).size).toBe(2);
  });

  it('does not compare the champion with itself', async () => {
    await promoteTwo();
    const { askAll, kept } = setUp(against('two', 'small'));

    await askAll();

    expect(new Set(kept.map(({ experiment }) => experiment))).toStrictEqual(new Set([null]));
  });

  it('keeps the first thousand items of a list', async () => {
    await promoteSmallModel(bucket.objects, 'one', 1);
    const { door, kept } = setUp(null);
    const items = Array.from({ length: 1500 }, (_, at) => `x${at}`);

    await door.answer('rerank', { history: [], items }, 'a');

    expect([kept[0]!.items.length, kept[0]!.scores.length, kept[0]!.count]).toStrictEqual([
      1000, 1000, 1500,
    ]);
  });
});
