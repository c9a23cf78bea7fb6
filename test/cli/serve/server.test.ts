import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImpressionFiles } from '#cli/serve/impression-files.ts';
import { kernelFolder } from '#cli/serve/kernel-folder.ts';
import { type ServedApi, startApi } from '#cli/serve/server.ts';
import { servingSettings } from '#cli/serve/settings.ts';
import { UnavailableError } from '#lib/contracts/errors.ts';
import { impression } from '#lib/contracts/impression.ts';
import { impressions, runs, serving } from '#lib/contracts/keys.ts';
import { createDoor } from '#lib/serving/door/door.ts';
import { maximumBodyBytes } from '#lib/serving/door/http.ts';
import { createClient } from '../../../examples/client/client.ts';
import { users } from '../artefacts/finished-night.ts';
import { openNight } from '../open/opened-night.ts';

let night: Awaited<ReturnType<typeof openNight>>;
let api: ServedApi;
let files: ReturnType<typeof createImpressionFiles>;
const troubles: unknown[] = [];
beforeAll(async () => {
  night = await openNight();
  await night.objects.putJson(serving.everybody, {
    run: 'a',
    snapshotAt: '2026-11-23T04:00:00.000Z',
  });
  files = createImpressionFiles(night.objects, (error) => troubles.push(error));
  const door = createDoor(night.objects, {
    milliseconds: 0,
    wasmFolder: kernelFolder(),
    variants: null,
    impressions: files,
    onLost: (error) => troubles.push(error),
    onStale: (error) => troubles.push(error),
  });
  api = await startApi(door);
});
afterAll(async () => {
  await api.stop();
  await night.stop();
});

/** What is kept of answers. */
async function kept() {
  const found = [];
  for await (const { key } of night.objects.list(impressions.prefix)) {
    const text = gunzipSync(await night.objects.getBytes(key)).toString();
    for (const line of text.trim().split('\n')) found.push(impression.parse(JSON.parse(line)));
  }
  return found;
}

const [user] = users.keys() as Iterable<string>;

describe('Function: startApi', () => {
  it('answers the client of the function as the function does, and keeps what it answers', async () => {
    // Arrange
    const client = createClient(api.url);
    // Act
    const list = await client.recommend({ user_id: user!, count: 3 });
    const same = await client.rerank({ history: [], items: [list.items[0]!.item_id, 'x'] });
    await files.close();
    // Assess
    expect(list.items).toHaveLength(3);
    expect(list).toMatchObject({ champion: { run: 'a' }, variant: 'champion' });
    expect(same.items.at(-1)).toMatchObject({ item_id: 'x', source: 'unknown' });
    const found = await kept();
    expect(found.map(({ recommendation_id }) => recommendation_id)).toStrictEqual([
      list.requestId,
      same.requestId,
    ]);
    expect(found[0]).toMatchObject({ user_id: user, operation: 'recommend' });
    expect(troubles).toStrictEqual([]);
  });

  it.each<[string, string, RequestInit, number, string]>([
    ['a wrong request', 'recommend', { method: 'POST', body: '{"histry": []}' }, 400, 'histry'],
    [
      'a body that is too long',
      'recommend',
      { method: 'POST', body: ' '.repeat(maximumBodyBytes + 9) },
      400,
      'at most',
    ],
    ['another method', 'recommend', {}, 400, 'Send a POST request'],
    ['a path that leads nowhere', 'nothing', { method: 'POST', body: '{}' }, 404, 'ask /recommend'],
    ['whoever does not have the key', '../recommend', { method: 'POST' }, 403, 'lea serve'],
  ])('refuses %s', async (_, path, init, status, message) => {
    const answer = await fetch(new URL(path, api.url), init);

    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { message: string }).message).toContain(message);
  });

  it('says what can be asked', async () => {
    const document = (await (await fetch(`${api.url}openapi.json`)).json()) as { paths: object };

    expect(Object.keys(document.paths)).toStrictEqual(['/recommend', '/similar', '/rerank']);
  });
});

describe('Function: createImpressionFiles', () => {
  it('loses nothing of what could not be written at first, and parts days', async () => {
    // Arrange
    const written: [string, string][] = [];
    let isAway = true;
    const lost: unknown[] = [];
    const log = createImpressionFiles(
      {
        async putBytes(key, body) {
          if (isAway) throw new UnavailableError('away');
          written.push([key, gunzipSync(body as Uint8Array).toString()]);
        },
      },
      (error) => lost.push(error),
    );
    const [shown] = await kept();
    const at = (id: number, time: number) => ({ ...shown!, recommendation_id: `${id}`, time });
    // Act: enough for a file, of two days.
    for (let id = 0; id < 1000; id++) await log.add(at(id, id < 600 ? 86_399 : 86_400));
    await new Promise((resolve) => setImmediate(resolve));
    isAway = false;
    await log.add(at(1000, 86_401));
    await log.close();
    // Assess
    expect(lost).toHaveLength(2);
    expect(written.map(([key]) => key.split('/')[1])).toStrictEqual([
      'dt=1970-01-01',
      'dt=1970-01-02',
    ]);
    const ids = written.flatMap(([, text]) =>
      text
        .trim()
        .split('\n')
        .map((line) => Number(JSON.parse(line).recommendation_id)),
    );
    expect(ids).toStrictEqual(Array.from({ length: 1001 }, (_, id) => id));
  });
});

describe('Function: servingSettings', () => {
  it('are those of the newest night, and the defaults where there is none', async () => {
    const before = await servingSettings(night.objects);
    const { objects } = night;
    await objects.putJson(runs.config('a'), { operations: { serving: { impressions: {} } } });

    const after = await servingSettings(objects);

    expect(before.impressions).toBeNull();
    expect(after.impressions).toStrictEqual({ windowHours: 24, reportDays: 7 });
  });
});
