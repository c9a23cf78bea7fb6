import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetRequested, mostUsers } from '#functions/forget-users/requests.ts';
import { deletions, runs, serving } from '#lib/contracts/keys.ts';
import { lockHolder, releaseLock, takeLock } from '#lib/contracts/lock.ts';
import type { Objects } from '#platform/objects.ts';
import { startBucket } from '../bucket.ts';

let bucket: Awaited<ReturnType<typeof startBucket>>;
let objects: Objects;
const part = (number: number) => serving.recommendationsPart('a', 'b', number);
const parts = 5;
beforeEach(async () => {
  bucket = await startBucket();
  ({ objects } = bucket);
  for (let number = 0; number < parts; number++) {
    const lines = ['17', 'u1', 'u2'].map((user_id) => JSON.stringify({ user_id, items: [] }));
    await objects.putBytes(part(number), gzipSync(lines.join('\n')));
  }
});
afterEach(() => bucket.stop());

let attempts = 0;
const attempt = (
  signal = new AbortController().signal,
  now: () => Date = () => new Date(),
  over: Objects = objects,
) => forgetRequested(over, { attempt: `attempt-${++attempts}`, now, signal });

async function keysBelow(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) keys.push(key);
  return keys;
}
const usersOf = async (number: number) =>
  gunzipSync(await objects.getBytes(part(number)))
    .toString()
    .split('\n')
    .map((line) => JSON.parse(line).user_id);

describe('Function: forgetRequested', () => {
  it('carries out every request, removes it, and leaves a report that names nobody', async () => {
    await objects.putBytes(deletions.request('monday.txt'), '\uFEFF17\r\n\n');
    await objects.putBytes(deletions.request('tuesday/more.txt'), 'u2');
    await objects.putBytes(deletions.request('tuesday/'), '');

    // At a time that has no 17 in it: what is held while the bucket is searched says when.
    const now = () => new Date('2026-11-02T03:04:05Z');

    const { done, waiting, failures } = await attempt(undefined, now);

    expect([waiting, failures]).toEqual([0, []]);
    for (let number = 0; number < parts; number++) expect(await usersOf(number)).toEqual(['u1']);
    expect(await keysBelow(deletions.requestsPrefix)).toEqual([deletions.request('tuesday/')]);
    const reports = (await keysBelow(deletions.prefix)).filter((key) => key.endsWith('.json'));
    expect(reports).toEqual(done.map(({ deletion }) => deletions.report(deletion)).toSorted());
    for (const report of done) {
      expect(report).toMatchObject({ users: 1, found: { rows: [] } });
      expect(report.changed).toHaveLength(parts);
      expect(report.found.words).toEqual([]);
      expect(JSON.stringify(report.changed)).not.toMatch(/"(17|u2)"/);
    }
    expect(await lockHolder(objects)).toBeUndefined();
    expect((await attempt()).done).toEqual([]);
  });

  it('waits while a run is at work, and fails once that takes longer than a day', async () => {
    await objects.putBytes(deletions.request('x'), '17');
    await takeLock(objects, { run: 'r', execution: 'r', now: new Date(), maximumHours: 48 });
    const later = () => new Date(Date.now() + 25 * 3_600_000);

    const soon = await attempt();
    const late = await attempt(undefined, later);

    expect(soon).toMatchObject({ done: [], waiting: 1, failures: [] });
    expect(late.failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^deletions\/requests\/x has been waiting for 2[45] hours: Run r/),
    ]);
    expect(await usersOf(0)).toEqual(['17', 'u1', 'u2']);
    expect(await keysBelow(deletions.requestsPrefix)).toEqual([deletions.request('x')]);
    await releaseLock(objects, 'r', new Date());
    expect((await attempt()).done).toHaveLength(1);
  });

  it('goes on where its time was up, and reads no clean object again', async () => {
    await objects.putBytes(deletions.request('x'), '17');
    const reads = new Map<string, number>();
    const time = new AbortController();
    const watched = {
      ...objects,
      async getBytes(...[key, options]: Parameters<Objects['getBytes']>) {
        reads.set(key, (reads.get(key) ?? 0) + 1);
        // The second part of the second pass: the parts are rewritten, and the first is found clean.
        if (key === part(1) && reads.get(key) === 2) time.abort();
        return objects.getBytes(key, options);
      },
    };

    const first = await attempt(time.signal, undefined, watched);
    const free = await lockHolder(objects);
    const between = [...reads];
    const second = await attempt(undefined, undefined, watched);

    expect(first).toMatchObject({ done: [], waiting: 1, failures: [] });
    expect(free).toBeUndefined();
    expect(new Map(between).get(part(4))).toBe(1);
    expect(second.done).toHaveLength(1);
    // Rewritten and found clean by the first attempt, then searched: no pass over it in the second.
    expect(reads.get(part(0))).toBe(3);
    expect(await keysBelow(deletions.prefix)).toEqual([deletions.report(second.done[0]!.deletion)]);
  });

  it('says what is wrong with a list, goes on with the others, and keeps it', async () => {
    await objects.putBytes(deletions.request('a'), ' \n');
    await objects.putBytes(deletions.request('b'), 'x'.repeat(5000));
    const many = Array.from({ length: mostUsers + 1 }, (_, user) => `v${user}`).join('\n');
    await objects.putBytes(deletions.request('c'), many);
    await objects.putBytes(deletions.request('d'), '17');

    const { done, failures } = await attempt();

    expect(done).toHaveLength(1);
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('requests/a: There is nobody to forget'),
      expect.stringContaining('requests/b: the user id'),
      expect.stringContaining('requests/c: The list has 10001 users'),
    ]);
    expect(await keysBelow(deletions.requestsPrefix)).toEqual(
      ['a', 'b', 'c'].map(deletions.request),
    );
  });

  it('repairs the snapshot of a run whose rows an attempt before has rewritten', async () => {
    await objects.putBytes(deletions.request('x'), '17');
    await objects.putBytes('interactions/dt=2026-11-23/u-00000.rows', await rowsOf('17', 'u1'));
    const before = (await objects.head('interactions/dt=2026-11-23/u-00000.rows'))!;
    const gone = { key: 'interactions/dt=2026-11-23/gone-00000.rows', etag: '"x"', size: 1 };
    await objects.putJson(runs.manifest('r'), {
      run: 'r',
      createdAt: '2026-11-23T02:00:00.000Z',
      inputs: {
        interactions: [{ key: before.key, etag: before.etag, size: before.bytes }, gone],
        items: [],
      },
      attempts: [],
    });
    // An attempt that was killed between the rows and the snapshot.
    await objects.putBytes(before.key, await rowsOf('u1'));

    await attempt();

    const now = (await objects.head(before.key))!;
    const { inputs } = JSON.parse(
      Buffer.from(await objects.getBytes(runs.manifest('r'))).toString(),
    );
    expect(inputs.interactions).toEqual([{ key: now.key, etag: now.etag, size: now.bytes }]);
  });
});

async function rowsOf(...users: readonly string[]): Promise<Uint8Array> {
  const { createSortedRows } = await import('#lib/interactions/sorted-rows.ts');
  const rows = createSortedRows();
  users.forEach((user_id, line) => {
    rows.add({
      user_id,
      item_id: 'i',
      timestamp: 1e9,
      event_type: null,
      value: null,
      line: line + 1,
    });
  });
  rows.end();
  return rows.take();
}
