import { gunzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { countParts, finishBatch, nameBatch } from '#functions/recommend-batch/batch.ts';
import {
  batchMessage,
  type PartMessage,
  recommendationsManifest,
} from '#functions/recommend-batch/messages.ts';
import { recommendPart } from '#functions/recommend-batch/part.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { gatherEverybody } from '#lib/sequences/everybody.ts';
import { orderHistories } from '#lib/sequences/histories.ts';
import { collectInteractions } from '#lib/sequences/interaction-log.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { activateTensorflow, loadRecommender } from '#lib/serving/champion-model.ts';
import type { RecommendedItem } from '#lib/serving/recommendation.ts';
import type { Objects } from '#platform/objects.ts';
import { startBucket } from '../bucket.ts';
import { itemIds, promoteSmallModel } from '../champion.ts';

const model = { name: 'a', backbone: 'sasrec', objective: 'snqn' };

/** What the nightly run builds of users' item lists; users with fewer than five actions are outside the core. */
async function sequencesOf(users: Readonly<Record<string, readonly string[]>>, parts = 3) {
  const config = pipelineConfig.parse({
    training: { models: [model] },
    sequences: { split: 'leave-one-out', window: 4, shardItems: 64, minimumItemInteractions: 1 },
  });
  const rows = Object.entries(users).flatMap(([user_id, items]) =>
    items.map((item_id, line) => {
      return { user_id, item_id, timestamp: 1e9 + line, event_type: null, line };
    }),
  );
  const log = await collectInteractions([{ key: 'part', rows }], {
    eventRewards: {},
    defaultReward: 1,
  });
  const ordered = orderHistories(log, { policy: 'upload-order', seed: 1 });
  const everybody = gatherEverybody(log, ordered, {
    window: 4,
    usersPerPart: Math.ceil(Object.keys(users).length / parts),
  });
  return { ...buildSequences(log, config.sequences), everybody };
}

describe('Functions: recommendPart, finishBatch', () => {
  const now = new Date('2026-11-23T06:00:00Z');
  const count = 5;
  const users: Readonly<Record<string, readonly string[]>> = {
    ...Object.fromEntries(
      Array.from({ length: 30 }, (_, user) => [
        `user-${user}`,
        Array.from({ length: 8 }, (_, at) => itemIds[(user * 7 + at * 3) % 40]!),
      ]),
    ),
    // Outside the core, and one whose only item the model does not know.
    once: [itemIds[3]!],
    twice: [itemIds[4]!, 'elsewhere'],
    elsewhere: ['elsewhere'],
  };
  let bucket: Awaited<ReturnType<typeof startBucket>>;
  beforeAll(async () => {
    await activateTensorflow(undefined);
  });
  beforeEach(async () => {
    bucket = await startBucket();
    await writeSequences(bucket.objects, 'a', await sequencesOf(users));
  });
  afterEach(() => bucket.stop());

  const messageFor = (champion: Champion, part: number): PartMessage => {
    const batch = nameBatch(champion, 3, count);
    return { kind: 'part', run: 'a', champion, batch, part, parts: 3 };
  };
  const make = async (champion: Champion, part: number) => {
    const made = await recommendPart(bucket.objects, messageFor(champion, part), count);
    const finished = await finishBatch(bucket.objects, messageFor(champion, part), count, now);
    return { made, finished };
  };
  const manifest = () =>
    bucket.objects.getJson(serving.recommendationsManifest('a'), recommendationsManifest);
  /** What the lists have of recommended items. */
  const shown = (items: readonly RecommendedItem[]) =>
    items.map(({ item_id, score }) => ({ item_id, ...(score !== undefined && { score }) }));

  /** The lists that the manifest names, by user. */
  async function published() {
    const { prefix, parts } = await manifest();
    const lists = new Map<string, { items: unknown; source: string }>();
    for (let part = 0; part < parts; part++) {
      const bytes = await bucket.objects.getBytes(
        serving.recommendationsPart('a', prefix.split('/')[2]!, part),
      );
      for (const line of gunzipSync(bytes).toString().trimEnd().split('\n')) {
        const { user_id, items, source } = JSON.parse(line);
        lists.set(user_id, { items, source });
      }
    }
    return lists;
  }

  it('writes every user once, shared out to parts, and the manifest at the end', async () => {
    // Arrange
    const { objects } = bucket;
    const champion = await promoteSmallModel(objects, 'a', 1);
    // Act
    const results = [];
    for (const part of [2, 0, 1]) results.push(await make(champion, part));
    // Assess
    expect(results.reduce((sum, { made }) => sum + made, 0)).toBe(33);
    expect(results.map(({ finished }) => finished)).toStrictEqual([false, false, true]);
    expect(await countParts(objects, 'a')).toBe(3);
    expect(await manifest()).toMatchObject({ run: 'a', parts: 3, count, champion });
    const lists = await published();
    expect([...lists.keys()].toSorted()).toStrictEqual(Object.keys(users).toSorted());
    const recommender = await loadRecommender(objects, champion, { batch: 4 });
    for (const [user, { items, source }] of lists) {
      expect(source).toBe(user === 'elsewhere' ? 'popularity' : 'model');
      const history = users[user]!.slice(-4);
      expect(items).toEqual(shown(recommender.recommend({ history }, count).items));
    }
  });

  it('reads the histories of its own users alone, each part as many objects as any other', async () => {
    // Arrange
    const { objects } = bucket;
    const champion = await promoteSmallModel(objects, 'a', 1);
    const read: string[] = [];
    const watched: Objects = {
      ...objects,
      getBytes: (key, options) => {
        read.push(key);
        return objects.getBytes(key, options);
      },
    };
    for (const part of [0, 1, 2]) {
      read.length = 0;
      // Act
      await recommendPart(watched, messageFor(champion, part), count);
      // Assess
      const ofRun = read.filter((key) => key.startsWith(runs.everybodyPrefix('a')));
      expect(ofRun).toStrictEqual([runs.allItems('a'), runs.recentHistories('a', part)]);
      expect(read.filter((key) => key.startsWith(runs.sequencesPrefix('a')))).toStrictEqual([]);
    }
  });

  it.each([1, 2, 11])('writes the same lists in %i parts', async (parts) => {
    // Arrange
    const { objects } = bucket;
    const champion = await promoteSmallModel(objects, 'a', 1);
    for (const part of [0, 1, 2]) await make(champion, part);
    const before = await published();
    await writeSequences(objects, 'a', await sequencesOf(users, parts));
    expect(await countParts(objects, 'a')).toBe(parts);
    // Act
    const batch = nameBatch(champion, parts, count);
    for (let part = 0; part < parts; part++) {
      const message: PartMessage = { kind: 'part', run: 'a', champion, batch, part, parts };
      await recommendPart(objects, message, count);
      await finishBatch(objects, message, count, now);
    }
    // Assess
    expect((await manifest()).parts).toBe(parts);
    expect([...(await published())]).toStrictEqual([...before]);
  });

  it('leaves out all that somebody took where lists leave the history out, however long ago', async () => {
    // Arrange: the model's lists leave histories out.
    const champion = await promoteSmallModel(bucket.objects, 'a', 1);
    const { description } = serving.modelFiles(champion.serving);
    const stored = await bucket.objects.getJson(description, z.looseObject({}));
    await bucket.objects.putJson(description, { ...stored, excludeHistory: true });
    // Act
    await recommendPart(bucket.objects, messageFor(champion, 0), 40);
    // Assess
    const { batch } = messageFor(champion, 0);
    const key = serving.recommendationsPart('a', batch, 0);
    const lines = gunzipSync(await bucket.objects.getBytes(key))
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(11);
    for (const line of lines) {
      const { user_id, items } = JSON.parse(line);
      const shown = items.map(({ item_id }: { item_id: string }) => item_id);
      const taken = new Set(users[user_id]!.filter((id) => id !== 'elsewhere'));
      expect(shown.filter((id: string) => taken.has(id))).toStrictEqual([]);
      expect(shown).toHaveLength(40 - taken.size);
    }
  });

  it('names parts of one model only: after a rollback, none of those that the other one left', async () => {
    // Arrange
    const worse = await promoteSmallModel(bucket.objects, 'worse', 1);
    for (const part of [0, 1, 2]) await make(worse, part);
    const better = await promoteSmallModel(bucket.objects, 'better', 2);
    // Act
    const first = await make(better, 0);
    const during = await manifest();
    const late = await make(worse, 0);
    const others = [await make(better, 1), await make(better, 2)];
    // Assess
    expect(first.finished).toBe(false);
    expect(during.champion.run).toBe('worse');
    expect(late.finished).toBe(false);
    expect(others.map(({ finished }) => finished)).toStrictEqual([false, true]);
    expect((await manifest()).champion.run).toBe('better');
    const recommender = await loadRecommender(bucket.objects, better, { batch: 4 });
    for (const [user, { items }] of await published()) {
      const history = users[user]!.slice(-4);
      expect(items).toEqual(shown(recommender.recommend({ history }, count).items));
    }
  });

  it('fails with the reason when the model gives no numbers, and ends', async () => {
    // Arrange: weights that are numbers, and overflow.
    const champion = await promoteSmallModel(bucket.objects, 'a', 1);
    const { weights, description } = serving.modelFiles(champion.serving);
    const { weightsHash: _, ...unhashed } = await bucket.objects.getJson(
      description,
      z.looseObject({ weightsHash: z.string() }),
    );
    await bucket.objects.putJson(description, unhashed);
    const huge = new Float32Array((await bucket.objects.getBytes(weights)).length / 4).fill(3e38);
    await bucket.objects.putBytes(weights, new Uint8Array(huge.buffer));
    // Act
    const failing = recommendPart(bucket.objects, messageFor(champion, 0), count);
    // Assess
    await expect(failing).rejects.toBeInstanceOf(ContractError);
    await expect(failing).rejects.toThrow(/weights are damaged or its training diverged/);
    const left = [];
    for await (const { key } of bucket.objects.list('recommendations/')) left.push(key);
    expect(left).toStrictEqual([]);
  });
});

describe('Schema: batchMessage', () => {
  it('takes the event of a run that succeeded, and the same by hand', () => {
    // Arrange
    const event = { source: 'lea', 'detail-type': 'Run Succeeded', detail: { run: 'a', usd: 1 } };
    // Assess
    expect(batchMessage.parse(event)).toStrictEqual({ kind: 'plan', run: 'a' });
    expect(batchMessage.parse({ kind: 'plan', run: 'a' })).toStrictEqual({
      kind: 'plan',
      run: 'a',
    });
  });
});
