import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { ConflictError, ContractError } from '#lib/contracts/errors.ts';
import { deletions, impressions, locks, runs, serving, uploads } from '#lib/contracts/keys.ts';
import { releaseLock, takeLock } from '#lib/contracts/lock.ts';
import { type DeletionReport, forgetUsers } from '#lib/deletion/forget.ts';
import { searchEverywhere } from '#lib/deletion/search.ts';
import { encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { decodeRecentHistories } from '#lib/sequences/everybody-files.ts';
import { collectInteractions } from '#lib/sequences/interaction-log.ts';
import { decodeSequenceShard } from '#lib/sequences/shard.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { openDirectory } from '#lib/serving/directory.ts';
import type { Objects } from '#platform/objects.ts';
import { startIngestion } from '../../functions/ingest.ts';
import { augmentedShard } from '../environment/responses.ts';

const config = pipelineConfig.parse({
  training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn' }] },
  sequences: { split: 'leave-one-out', window: 4, shardItems: 1000, minimumItemInteractions: 1 },
});
/** Users `u0` to `u19`; who is to be forgotten has an id that is a short number, as items have. */
const users = ['17', ...Array.from({ length: 19 }, (_, user) => `u${user}`)];
const itemOf = (user: number, at: number) => String((user * 5 + at * 3) % 23);
const rows = users.flatMap((user_id, user) =>
  Array.from({ length: 6 }, (_, at) => {
    return { user_id, item_id: itemOf(user, at), timestamp: 1e9 + 100 * at + user };
  }),
);
const csv = `user_id,item_id,timestamp\r\n${rows.map((row) => Object.values(row).join(',')).join('\r\n')}\r\n`;
const jsonl = rows.map((row) => `${JSON.stringify({ ...row, timestamp: row.timestamp + 7 })}\n`);
const array = JSON.stringify(
  rows.map((row) => ({ ...row, timestamp: row.timestamp + 9 })),
  null,
  1,
);
/** Of files that are so large that their end is found to be missing when they are read, not before. */
const long = jsonl.map((line) => line.replace('}', `,"note":"${'x'.repeat(20_000)}"}`));
/** Rows that cannot be read: one of the user's, and one that only has his id as its item. */
const broken = 'user_id,item_id,timestamp\n17,3,never\nu1,17,never\n'.replace('u1,17', 'u1,x17x');

/** Gzipped, without its end. */
const torn = (text: string) => gzipSync(text, { level: 0 }).subarray(0, -9);

/** Answers to the user, to another one who was shown an item of the same id, and to somebody without an id. */
const shown = ['17', 'u1', null].map(
  (user_id) => `${JSON.stringify({ recommendation_id: 'r', user_id, items: ['17'] })}\n`,
);

let ingestion: Awaited<ReturnType<typeof startIngestion>>;
let objects: Objects;
const gone = new Set(['17']);
const forget = (now = new Date()): Promise<DeletionReport> =>
  forgetUsers(objects, { deletion: `d${now.getTime()}`, users: gone, now: () => now });

beforeAll(async () => {
  ingestion = await startIngestion('forget', config);
  ({ objects } = ingestion);
  await ingestion.ingest('logs/a.csv', csv);
  await ingestion.ingest('logs/b.jsonl.gz', gzipSync(jsonl.join('')));
  await ingestion.ingest('logs/c.json', array);
  await ingestion.ingest('logs/d.csv', broken);
  await objects.putBytes('logs/never-read.bin', 'some 17 here');
  // Refused, for nobody said that it is UTF-16.
  await objects.putBytes(
    'logs/never-read-wide.csv',
    Buffer.from('user_id,item_id\n17,i1\n', 'utf16le'),
  );
  await objects.putBytes(
    'logs/others-wide.csv',
    Buffer.from('user_id,item_id\n171,i1\n', 'utf16le'),
  );
  await objects.putBytes('logs/packed.zip', Buffer.from('504b030414000000', 'hex'));
  // Damaged, as nobody took them: with rows of the user, and without.
  await ingestion.ingest('logs/torn.jsonl.gz', torn(long.join('')));
  await ingestion.ingest('logs/torn-of-others.jsonl.gz', torn(long.slice(6).join('')));
  await ingestion.ingest('logs/torn.json', array.slice(0, -9));
  await objects.putBytes('logs/never-read.gz', torn(`some 17 here${jsonl.slice(6).join('')}`));
  for (const [run, status] of [
    ['done', 'succeeded'],
    ['broken', 'failed'],
  ]) {
    const log = await collectInteractions(
      [{ key: 'part', rows: rows.map((row, line) => ({ ...row, event_type: null, line })) }],
      { eventRewards: {}, defaultReward: 1 },
    );
    await writeSequences(objects, run!, buildSequences(log, config.sequences));
    await objects.putJson(runs.status(run!), {
      run,
      status,
      startedAt: '2026-11-23T02:00:00.000Z',
    });
    const inputs = [];
    for await (const { key, etag, bytes } of objects.list('interactions/')) {
      inputs.push({ key, etag, size: bytes });
    }
    await objects.putJson(runs.manifest(run!), {
      run,
      createdAt: '2026-11-23T02:00:00.000Z',
      inputs: { interactions: inputs, items: [] },
      attempts: [],
    });
  }
  await objects.putBytes(
    runs.beforeTest('done', 0),
    await objects.getBytes(runs.allActions('done', 0)),
  );
  const shard = augmentedShard([2, 3], 2, 2);
  await objects.putBytes(
    runs.augmentedShard('done', 0),
    encodeAugmentedShard({ ...shard, users: ['17', 'u1'] }),
  );
  await objects.putBytes(
    serving.recommendationsPart('done', 'b', 0),
    gzipSync('{"user_id":"17","items":[]}\n{"user_id":"u1","items":[{"item_id":"17"}]}\n'),
  );
  await objects.putBytes(impressions.file('2026-11-23', 'one'), gzipSync(shown.join('')));
  await objects.putBytes(impressions.file('2026-11-23', 'his-alone'), gzipSync(shown[0]!));
}, 120_000);
afterAll(() => ingestion.stop());

describe('Function: forgetUsers', () => {
  it('does not disturb a run that is at work', async () => {
    const now = new Date();
    await takeLock(objects, { run: 'x', execution: 'x', now, maximumHours: 1 });

    await expect(forget()).rejects.toThrow(ConflictError);
    expect((await searchEverywhere(objects, gone)).found.rows).not.toEqual([]);

    await releaseLock(objects, 'x', now);
  });

  it('leaves no row of somebody, every row of everybody else, and finds that out by searching', async () => {
    // Act
    const report = await forget();

    // Assess
    expect(report.found.rows).toEqual([]);
    expect(report.users).toBe(1);
    expect(report.removedUploads.toSorted()).toEqual([
      'logs/c.json',
      'logs/never-read-wide.csv',
      'logs/never-read.bin',
      'logs/never-read.gz',
      'logs/torn.json',
      'logs/torn.jsonl.gz',
    ]);
    expect(report.found.damaged).toEqual(['logs/packed.zip', 'logs/torn-of-others.jsonl.gz']);
    expect(report.unfinishedRuns).toEqual(['broken']);
    expect(JSON.stringify(report)).not.toContain('"17"');
    // Uploads: the others' rows to the byte.
    const left = (text: string) =>
      text
        .split('\n')
        .filter((line) => !line.startsWith('17,'))
        .join('\n');
    expect(Buffer.from(await objects.getBytes('logs/a.csv')).toString()).toBe(left(csv));
    expect(gunzipSync(await objects.getBytes('logs/b.jsonl.gz')).toString()).toBe(
      jsonl.filter((line) => !line.includes('"user_id":"17"')).join(''),
    );
    expect(Buffer.from(await objects.getBytes('logs/d.csv')).toString()).toContain('u1,x17x');
    const before = decodeSequenceShard(await objects.getBytes(runs.beforeTest('done', 0)));
    expect(before.users).toContain('u1');
    expect(before.users).not.toContain('17');
    // A list keeps an item of the same id.
    const lists = gunzipSync(
      await objects.getBytes(serving.recommendationsPart('done', 'b', 0)),
    ).toString();
    expect(lists).toBe('{"user_id":"u1","items":[{"item_id":"17"}]}\n');
    // Of what was answered, an answer to him alone too: the object is left without a line.
    const answers = await objects.getBytes(impressions.file('2026-11-23', 'one'));
    expect(gunzipSync(answers).toString()).toBe(shown.slice(1).join(''));
    const his = await objects.getBytes(impressions.file('2026-11-23', 'his-alone'));
    expect(gunzipSync(his).toString()).toBe('');
    // Sequences and histories.
    const shards = decodeSequenceShard(await objects.getBytes(runs.trainShard('done', 0)));
    expect(new Set(shards.users)).toEqual(new Set(users.slice(1)));
    const { users: known } = decodeRecentHistories(
      await objects.getBytes(runs.recentHistories('done', 0)),
    );
    expect(known).toEqual(users.slice(1).toSorted());
    const directory = await openDirectory(objects, 'done');
    expect(await directory.findUser('17')).toBeUndefined();
    expect((await directory.findUser('u3'))!.items).toHaveLength(4);
    // What had not ended well begins anew, from the snapshot's versions of now.
    expect(await objects.head(runs.sequencesManifest('broken'))).toBeUndefined();
    const { inputs } = JSON.parse(
      Buffer.from(await objects.getBytes(runs.manifest('broken'))).toString(),
    );
    for (const { key, etag, size } of inputs.interactions) {
      expect(await objects.head(key)).toMatchObject({ etag, bytes: size });
    }
    expect(await objects.head(locks.run)).toBeDefined();
    expect(await objects.head(deletions.report(report.deletion))).toBeDefined();
  });

  it('changes nothing when it is done again, and no rewritten file is read as a new upload', async () => {
    const before = [];
    for await (const { key, etag } of objects.list('')) before.push(`${key} ${etag}`);

    const report = await forget(new Date(Date.now() + 1000));
    const failed =
      (await ingestion.notice('logs/a.csv')) + (await ingestion.notice('logs/b.jsonl.gz'));

    expect(report.changed).toEqual([]);
    expect(failed).toBe(0);
    const after = [];
    for await (const { key, etag } of objects.list('')) after.push(`${key} ${etag}`);
    const isOther = (line: string) => !line.startsWith('deletions/') && !line.startsWith('locks/');
    expect(after.filter(isOther)).toEqual(before.filter(isOther));
  });

  it('names an object of ours that nobody can read', async () => {
    const key = serving.recommendationsPart('done', 'b', 1);
    await objects.putBytes(key, torn('{"user_id":"u1","items":[]}\n'));

    await expect(forget()).rejects.toThrow(
      new ContractError(
        `${key} cannot be read (unexpected end of file). Restore it, or remove it if it is lost, and do this again.`,
      ),
    );
    await objects.remove([key]);
  });

  it('lets nobody read an upload while it is written anew', async () => {
    await objects.putBytes(deletions.rewriting('logs/e.csv'), '');
    await objects.putBytes('logs/e.csv', csv);

    const during = await ingestion.notice('logs/e.csv');
    await objects.remove([deletions.rewriting('logs/e.csv')]);
    const afterwards = await ingestion.notice('logs/e.csv');

    expect([during, afterwards]).toEqual([1, 0]);
    let reports = 0;
    for await (const { key } of objects.list(uploads.reportPrefix)) {
      if (key.endsWith('/report.json')) reports++;
    }
    expect(reports).toBeGreaterThan(4);
  });
});
