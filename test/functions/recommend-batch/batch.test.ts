import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Histories } from '#functions/recommend-batch/histories.ts';
import { batchMessage, recommendationsManifest } from '#functions/recommend-batch/messages.ts';
import { countParts, finishBatch, recommendPart } from '#functions/recommend-batch/part.ts';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { serving } from '#lib/contracts/keys.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { collectInteractions } from '#lib/sequences/interaction-log.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { activateTensorflow, loadRecommender } from '#lib/serving/champion-model.ts';
import { startBucket } from '../bucket.ts';
import { itemIds, promoteSmallModel } from '../champion.ts';

const model = { name: 'a', backbone: 'sasrec', objective: 'snqn' };

/** Sequences of users' item lists, as the nightly run builds them. */
async function sequencesOf(users: Record<string, number[]>, split: string) {
  const config = pipelineConfig.parse({
    training: { models: [model] },
    sequences: {
      split,
      window: 4,
      shardItems: 64,
      minimumUserInteractions: 1,
      minimumItemInteractions: 1,
    },
  });
  async function* rows() {
    for (const [user_id, items] of Object.entries(users)) {
      for (const [at, item] of items.entries()) {
        yield {
          user_id,
          item_id: itemIds[item]!,
          timestamp: 1e9 + at,
          event_type: null,
          value: null,
          line: at,
        };
      }
    }
  }
  const log = await collectInteractions([{ key: 'part', rows: rows() }], {
    eventRewards: {},
    defaultReward: 1,
  });
  return buildSequences(log, config.sequences);
}

describe('Class: Histories', () => {
  it.each(['leave-one-out', 'by-user', 'global-time'])(
    'finds every user’s newest actions whatever was held out (%s)',
    async (split) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.integer({ min: 0, max: 39 }), { minLength: 3, maxLength: 20 }), {
            minLength: 40,
            maxLength: 60,
          }),
          async (lists) => {
            // Arrange
            const users = Object.fromEntries(lists.map((list, user) => [`user-${user}`, list]));
            const { shards, validation, test, itemTable } = await sequencesOf(users, split);
            const histories = new Histories(4, () => true);
            // Act
            for (const shard of [...shards].reverse()) histories.addShard(shard);
            histories.addCases('test', test);
            histories.addCases('validation', validation);
            // Assess
            const found = new Map(
              [...histories.entries()].map(([user, items]) => [
                user,
                Array.from(items, (item) => itemTable.itemIds[item - 1]),
              ]),
            );
            for (const [user, items] of Object.entries(users)) {
              const known = items
                .map((item) => itemIds[item]!)
                .filter((id) => itemTable.itemIds.includes(id));
              // A first action that is held out is no case, so a user may be left with nothing.
              if (found.has(user)) expect(found.get(user)).toStrictEqual(known.slice(-4));
            }
            expect(found.size).toBeGreaterThan(lists.length / 2);
          },
        ),
        { numRuns: 10 },
      );
    },
  );
});

describe('Functions: recommendPart, finishBatch', () => {
  let bucket: Awaited<ReturnType<typeof startBucket>>;
  beforeAll(async () => {
    bucket = await startBucket();
    await activateTensorflow(undefined);
  });
  afterAll(() => bucket.stop());

  it('writes every user once, shared out to parts, and the manifest at the end', async () => {
    // Arrange
    const { objects } = bucket;
    const users = Object.fromEntries(
      Array.from({ length: 30 }, (_, user) => [
        `user-${user}`,
        Array.from({ length: 8 }, (_, at) => (user * 7 + at * 3) % 40),
      ]),
    );
    await writeSequences(objects, 'a', await sequencesOf(users, 'leave-one-out'));
    const champion = await promoteSmallModel(objects, 'a', 1);
    const recommender = await loadRecommender(objects, champion, 4);
    const message = (part: number) => ({
      kind: 'part' as const,
      run: 'a',
      champion,
      part,
      parts: 3,
    });
    const now = new Date('2026-11-23T06:00:00Z');
    // Act
    const counts: number[] = [];
    const finished: boolean[] = [];
    for (const part of [2, 0, 1]) {
      counts.push(await recommendPart(objects, recommender, message(part), 5));
      finished.push(await finishBatch(objects, message(part), 5, now));
    }
    // Assess
    expect(counts.reduce((sum, count) => sum + count)).toBe(30);
    expect(finished).toStrictEqual([false, false, true]);
    expect(await countParts(objects, 'a')).toBe(1);
    const seen = new Set<string>();
    for (const part of [0, 1, 2]) {
      const bytes = await objects.getBytes(serving.recommendationsPart('a', part));
      for (const line of gunzipSync(bytes).toString().trimEnd().split('\n')) {
        const { user_id, items, source } = JSON.parse(line);
        seen.add(user_id);
        expect(source).toBe('model');
        const history = users[user_id]!.slice(-4).map((item) => itemIds[item]!);
        expect(items).toStrictEqual(recommender.recommend(history, 5).items);
      }
    }
    expect(seen.size).toBe(30);
    const manifest = await objects.getJson(
      serving.recommendationsManifest('a'),
      recommendationsManifest,
    );
    expect(manifest).toMatchObject({ run: 'a', parts: 3, count: 5, champion });
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
