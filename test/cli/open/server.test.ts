import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenPage, startPage } from '#cli/open/server.ts';
import { runs } from '#lib/contracts/keys.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { users } from '../artefacts/finished-night.ts';
import { openNight, rewardOf } from './opened-night.ts';

let night: Awaited<ReturnType<typeof openNight>>;
let page: OpenPage;
let before: string[];
beforeAll(async () => {
  night = await openNight();
  before = await contents();
  page = await startPage(night.objects);
});
afterAll(async () => {
  await page.stop();
  await night.stop();
});

/** Every object with its version. */
async function contents(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, etag } of night.objects.list('')) found.push(`${key} ${etag}`);
  return found;
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

/** A request as it is: `fetch` would put paths and headers right. */
function send(path: string, { headers = {}, method = 'GET' }: Sent = {}) {
  const { hostname, port } = new URL(page.url);
  return new Promise<{
    status: number;
    headers: Readonly<Record<string, unknown>>;
    body: string;
  }>((resolve, reject) => {
    const sent = httpRequest({ hostname, port, path, headers, method }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

const cookie = () => {
  const { port, searchParams } = new URL(page.url);
  return { cookie: `lea-open-${port}=${searchParams.get('key')}` };
};
const get = (path: string) => send(path, { headers: cookie() });
const ask = async (path: string) => JSON.parse((await get(`/api/${path}`)).body);

describe('Function: startPage', () => {
  it('lets in whoever has the address that was printed, and nobody else', async () => {
    const { search } = new URL(page.url);

    const entered = await send(`/${search}`);
    const [given] = entered.headers['set-cookie'] as string[];

    expect(entered.status).toBe(303);
    expect(given).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await send('/', { headers: { cookie: given!.split(';')[0]! } })).status).toBe(200);
    for (const path of [
      '/',
      '/page.js',
      '/api/status',
      '/?key=wrong',
      '/runs/a/report/index.html',
    ]) {
      const refused = await send(path);
      expect(refused.status, path).toBe(403);
      expect(refused.body).not.toMatch(/small|Report/);
    }
  });

  it.each(['attacker.example', '127.0.0.1', 'localhost:1'])(
    'is not the host "%s"',
    async (host) => {
      expect((await send('/api/status', { headers: { ...cookie(), host } })).status).toBe(403);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('takes no %s', async (method) => {
    expect((await send('/api/status', { headers: cookie(), method })).status).toBe(405);
  });

  it.each([
    '/../../../../etc/passwd',
    '/page/../page.js/../server.ts',
    '/..%2f..%2fpackage.json',
    '/runs/../champion.json',
    '/runs/a/status.json',
    '/runs/a%2f..%2fb/report/index.html',
    '/runs/a/report/../../../champion.json',
    '/logs/x',
    '/api/constructor',
    '/api/toString',
    '/api/',
  ])('has nothing at %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('serves reports that can load and run nothing, and a page that runs its own script alone', async () => {
    const report = await get('/runs/a/report/index.html');
    const shell = await get('/');

    expect(report.body).toContain('Report of a');
    expect((await get('/reports/index.html')).body).toContain('All nights');
    expect(report.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src/);
    expect(report.headers['content-security-policy']).not.toContain('script-src');
    expect(shell.headers['content-security-policy']).toContain("script-src 'self';");
    for (const { headers } of [report, shell]) {
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  it('says what is wrong with a question, and that somebody is not known', async () => {
    const unknown = await get('/api/recommend?user=nobody');
    const none = await get('/api/recommend');
    const broken = await get('/api/recommend?history=item-1');
    const upload = await get('/api/upload?upload=..%2F..');

    expect(unknown.status).toBe(400);
    expect(JSON.parse(unknown.body).message).toContain('has met no user "nobody"');
    expect(none.status).toBe(400);
    expect(JSON.parse(broken.body).message).toContain('JSON list of ids');
    expect(JSON.parse(upload.body).message).toContain('no upload of that name');
  });

  it('shows everybody’s list, what was before, and what the environment said of exactly his items', async () => {
    const { itemIds } = decodeItemTable(await night.objects.getBytes(runs.itemTable('a')));
    for (const [user, items] of users) {
      const made = await ask(`recommend?user=${user}`);

      expect(made.items).toHaveLength(10);
      expect(made.champion).toEqual({ run: 'a', name: 'small' });
      expect(made.before.champion).toEqual({ run: 'earlier', name: 'small' });
      expect(made.before.items).toHaveLength(10);
      expect(made.before.items).not.toEqual(made.items);
      const said = Object.entries(
        made.environment.items as Record<string, { as: string; reward: number }>,
      );
      const taken = said.filter(([, { as }]) => as === 'taken').map(([id]) => id);
      expect(taken.length, user).toBeGreaterThan(3);
      expect(items).toEqual(expect.arrayContaining(taken));
      for (const [id, { reward }] of said) {
        expect(reward).toBe(rewardOf(itemIds.indexOf(id) + 1));
      }
    }
  });

  it('answers after any history, without an opinion of the environment', async () => {
    const made = await ask(
      `recommend?history=${encodeURIComponent('["item-1","item-2"]')}&count=3`,
    );

    expect(made.user_id).toBeNull();
    expect(made.environment).toBeNull();
    expect(made.items).toHaveLength(3);
    expect(made.before.items).toHaveLength(3);
  });

  it('proposes users and items', async () => {
    const all = [...users.keys()];

    expect((await ask('users?begins=user-2')).users).toEqual(
      all.filter((user) => user.startsWith('user-2')),
    );
    expect((await ask('users?begins=zzz')).users).toEqual([]);
    const { anybody, users: first } = await ask('users?begins=');
    expect(first).toEqual(all.slice(0, 20));
    expect(all).toContain(anybody);
    const { items } = await ask('items?text=of%20ITEM-7');
    expect(items).toEqual([{ item_id: 'item-7', title: 'Title of item-7' }]);
    expect((await ask('items?text=item-7')).items[0].item_id).toBe('item-7');
    expect((await ask('items?text=title')).items).toHaveLength(20);
    expect((await ask('items?text=')).items).toEqual([]);
  });

  it('follows a champion that has changed meanwhile', async () => {
    const { promoteSmallModel } = await import('../../functions/champion.ts');
    const now = await night.objects.getBytes('champion.json');
    await promoteSmallModel(night.objects, 'newest', 3);
    const made = await ask('recommend?user=user-03');
    await night.objects.putBytes('champion.json', now);
    const again = await ask('recommend?user=user-03');
    await night.objects.remove(before.length === 0 ? [] : await below('runs/newest/'));

    expect(made.champion.run).toBe('newest');
    expect(made.before).toEqual({ why: 'There was no champion before this one.' });
    expect(again.champion.run).toBe('a');
  });

  it('shows an upload with its quarantined rows', async () => {
    const { report, quarantined } = await ask('upload?upload=20261123T110000Z-2');

    expect(report.message).toBe('Most rows are of unknown items.');
    expect(quarantined).toEqual([
      expect.objectContaining({ line: 7, row: '<img src=x onerror=alert(1)>' }),
    ]);
    expect((await ask('upload?upload=nothing')).report).toBeNull();
  });

  it('has changed nothing', async () => {
    const after = await contents();
    const versions = (all: readonly string[]) =>
      all.filter((one) => !one.startsWith('champion.json '));

    expect(versions(after)).toEqual(versions(before));
  });
});

async function below(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of night.objects.list(prefix)) keys.push(key);
  return keys;
}
