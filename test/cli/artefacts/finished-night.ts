import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { runs, serving, uploads } from '#lib/contracts/keys.ts';
import { unreadReport } from '#lib/interactions/report.ts';
import { encodeFreshCounts } from '#lib/popularity/fresh-counts.ts';
import { countActions } from '#lib/popularity/item-counts.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { gatherEverybody } from '#lib/sequences/everybody.ts';
import { orderHistories } from '#lib/sequences/histories.ts';
import { collectInteractions } from '#lib/sequences/interaction-log.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { startObjectStore } from '#local/object-store/server.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { itemIds, promoteSmallModel } from '../../functions/champion.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

/** 2001: long before anybody asks. */
export const start = 1e9;
/** Users `user-00` to `user-29` with eight items each. */
export const users = new Map(
  Array.from({ length: 30 }, (_, user) => [
    `user-${String(user).padStart(2, '0')}`,
    Array.from({ length: 8 }, (_, at) => itemIds[(user * 7 + at * 3) % 40]!),
  ]),
);
const arrivedAt = '2026-11-23T10:00:00.000Z';

/** A folder as `lea run` leaves it: a night `a` that ended well, one later that failed, a champion, two uploads. */
export async function finishNight(): Promise<string> {
  const out = temporaryFolder('night');
  const store = await startObjectStore({ dir: join(out, 'cloud') });
  store.createBucket('access-logs');
  store.createBucket('data');
  const { endpoint, region, credentials } = store;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await fill(createObjects(client, 'data'));
  client.destroy();
  await store.stop();
  return out;
}

async function fill(objects: Objects): Promise<void> {
  const rows = [...users].flatMap(([user_id, items]) =>
    items.map((item_id, line) => {
      return { user_id, item_id, timestamp: start + line, event_type: null, line };
    }),
  );
  const config = pipelineConfig.parse({
    training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn' }] },
    sequences: { split: 'leave-one-out', window: 4, shardItems: 64, minimumItemInteractions: 1 },
  });
  const catalogue = new Map(itemIds.map((id) => [id, { title: `Title of ${id}`, fields: {} }]));
  const log = await collectInteractions([{ key: 'part', rows }], {
    eventRewards: {},
    defaultReward: 1,
    catalogue,
  });
  const ordered = orderHistories(log, { policy: 'upload-order', seed: 1 });
  const everybody = gatherEverybody(log, ordered, {
    window: 4,
    usersPerPart: 7,
  });
  await writeSequences(objects, 'a', { ...buildSequences(log, config.sequences), everybody });
  await promoteSmallModel(objects, 'a', 1);
  const actions = rows.map(({ item_id: item, timestamp: time }) => ({ item, time }));
  const counts = {
    counts: countActions(actions, start + 7),
    base: null,
    uploads: new Set<string>(),
    left: new Set<string>(),
  };
  await objects.putJson(serving.freshCounts, encodeFreshCounts(counts));
  await objects.putJson(runs.status('a'), {
    run: 'a',
    status: 'succeeded',
    startedAt: '2026-11-23T02:00:00.000Z',
    endedAt: '2026-11-23T02:01:40.000Z',
  });
  await objects.putJson(runs.summary('a'), { verdict: 'a becomes the first champion.' });
  await objects.putBytes(runs.report('a'), '<!doctype html>');
  await objects.putJson(runs.status('b'), {
    run: 'b',
    status: 'failed',
    startedAt: '2026-11-24T02:00:00.000Z',
    endedAt: '2026-11-24T02:00:05.000Z',
    failure: { Error: 'CostCapError', Cause: '{"errorMessage": "It is too dear."}' },
  });
  for (const [upload, status, message] of [
    ['20261123T100000Z-1', 'succeeded', 'Everything was read.'],
    ['20261123T110000Z-2', 'failed', 'Most rows are of unknown items.'],
  ] as const) {
    const facts = { upload, key: `logs/${upload}.csv`, kind: 'logs', arrivedAt, bytes: 1 } as const;
    await objects.putJson(uploads.report(upload), unreadReport(facts, status, message));
  }
  await objects.putBytes(uploads.quarantine('20261123T110000Z-2', 0), gzipSync('{"row":"x"}\n'));
}
