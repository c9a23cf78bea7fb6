import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pointTo } from '#functions/build-sequences/point-to.ts';
import { serving } from '#lib/contracts/keys.ts';
import { encodeFreshCounts } from '#lib/popularity/fresh-counts.ts';
import { countActions } from '#lib/popularity/item-counts.ts';
import { gatherEverybody } from '#lib/sequences/everybody.ts';
import { orderHistories } from '#lib/sequences/histories.ts';
import { writeEverybody } from '#lib/sequences/write.ts';
import { maximumBodyBytes } from '#lib/serving/door/http.ts';
import { startObjectStore } from '#local/object-store/server.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { buildTensorflowLayer } from '../../../layers/tensorflow/layer.ts';
import { histories, logOf } from '../../lib/sequences/arbitraries.ts';
import { root } from '../../stacks/synthesis.ts';
import { temporaryFolder } from '../../temporary/folders.ts';
import { itemIds, promoteSmallModel } from '../champion.ts';

type Handler = (event: unknown, context: object) => Promise<unknown>;

const dir = temporaryFolder('recommend');
const context = {
  functionName: 'recommend',
  awsRequestId: 'id',
  getRemainingTimeInMillis: () => 9e3,
};
let store: Awaited<ReturnType<typeof startObjectStore>>;
let objects: Objects;

beforeAll(async () => {
  store = await startObjectStore({ dir });
  store.createBucket('data');
  const environment = {
    BUCKET: 'data',
    CHAMPION_SECONDS: '0',
    AWS_ENDPOINT_URL: store.endpoint,
    AWS_REGION: store.region,
    AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_DEV: 'true',
    POWERTOOLS_METRICS_NAMESPACE: 'lea',
    POWERTOOLS_METRICS_DISABLED: 'false',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  objects = createObjects(new S3Client({ forcePathStyle: true }), 'data');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await store.stop();
});

/** A new instance of the function, with or without the layer of kernels. */
async function start(optRoot: string): Promise<Handler> {
  vi.stubEnv('OPT_ROOT', optRoot);
  vi.resetModules();
  const { handler } = await import('#functions/recommend/handler.ts');
  return handler as Handler;
}

const post = (body: unknown, method = 'POST') => ({
  version: '2.0',
  body: Buffer.from(JSON.stringify(body)).toString('base64'),
  isBase64Encoded: true,
  requestContext: { http: { method } },
});

/** What is printed until `end`, which gives it. */
function captureOutput() {
  const lines: string[] = [];
  const spies = (['log', 'error', 'info', 'warn'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((...texts) => void lines.push(texts.join(' '))),
  );
  return {
    end: () => {
      for (const spy of spies) spy.mockRestore();
      return lines;
    },
  };
}

interface Answer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

describe('Function: recommend', () => {
  it('shows new users what is popular as of the request, and follows every upload', async () => {
    // Arrange: item-7 was taken three times a week before item-9 was taken twice.
    const handler = await start('/nowhere');
    const week = 7 * 86_400;
    const counted = (item: string, times: number, time: number) =>
      Array.from({ length: times }, () => ({ item, time }));
    const write = (actions: Parameters<typeof countActions>[0], time: number) => {
      const counts = countActions(actions, time);
      const none = { base: null, uploads: new Set<string>(), left: new Set(['item-8']) };
      return objects.putJson(serving.freshCounts, encodeFreshCounts({ ...none, counts }));
    };
    await promoteSmallModel(objects, 'one', 1);
    const first = async (time: number) => {
      const answer = await handler({ history: [], count: 1, context: { time } }, context);
      return answer as { items: { item_id: string }[]; source: string };
    };
    const old = counted('item-7', 3, 1e9);
    // Act
    await write([...old, ...counted('item-8', 9, 1e9)], 1e9);
    const before = await first(1e9);
    await write([...old, ...counted('item-9', 2, 1e9 + week)], 1e9 + week);
    const after = await first(1e9 + week);
    // Assess
    expect(before).toMatchObject({ items: [{ item_id: 'item-7' }], source: 'popularity' });
    expect(after).toMatchObject({ items: [{ item_id: 'item-9' }] });
    await objects.remove([serving.champion, serving.freshCounts]);
  });

  it('answers 503 while nothing has been promoted, then recommends, then follows a new champion', async () => {
    // Arrange
    const handler = await start('/nowhere');
    const ask = async () =>
      (await handler(post({ history: ['item-1'], count: 3 }), context)) as Answer;
    // Act
    const before = await ask();
    await promoteSmallModel(objects, 'one', 1);
    const first = await ask();
    await promoteSmallModel(objects, 'two', 2);
    const second = await ask();
    // Assess
    expect(before).toMatchObject({ statusCode: 503, headers: { 'retry-after': '30' } });
    expect(first.statusCode).toBe(200);
    const body = JSON.parse(first.body);
    expect(body).toMatchObject({ source: 'model', champion: { run: 'one', name: 'small' } });
    expect(body.items).toHaveLength(3);
    for (const { item_id } of body.items) expect(itemIds).toContain(item_id);
    expect(JSON.parse(second.body).champion.run).toBe('two');
    expect(JSON.parse(second.body).items).not.toStrictEqual(body.items);
  });

  it('gives the same list with the WebAssembly kernels as without', async () => {
    // Arrange
    await promoteSmallModel(objects, 'one', 1);
    const request = { history: ['item-3', 'item-7', 'item-3', 'nobody-knows'], count: 40 };
    const layer = buildTensorflowLayer(root);
    // Act
    const plain = (await (await start('/nowhere'))(request, context)) as { items: Item[] };
    const wasm = (await (await start(layer))(request, context)) as { items: Item[] };
    // Assess
    expect(wasm.items.map((item) => item.item_id)).toStrictEqual(
      plain.items.map((item) => item.item_id),
    );
    wasm.items.forEach((item, place) => {
      expect(item.score).toBeCloseTo(plain.items[place]!.score, 4);
    });
    const unknown = { unknownItems: ['nobody-knows'], unknownItemCount: 1 };
    expect(wasm).toMatchObject({ source: 'model', ...unknown });
  });

  it('counts and logs what it refuses for want of a champion', async () => {
    // Arrange: a champion whose files are gone.
    const champion = await promoteSmallModel(objects, 'gone', 1);
    await objects.remove(Object.values(serving.modelFiles(champion.serving)));
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'ERROR');
    const lines = captureOutput();
    // Act
    const loud = await start('/nowhere');
    const refused = (await loud(post({ history: [] }), context)) as Answer;
    const wrong = (await loud(post({ history: 1 }), context)) as Answer;
    // Assess
    const printed = lines.end();
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
    expect([refused.statusCode, wrong.statusCode]).toStrictEqual([503, 400]);
    expect(printed.filter((line) => line.includes('nothing can be recommended'))).toHaveLength(1);
    expect(printed.filter((line) => line.includes('"RecommendationsUnavailable":1'))).toHaveLength(
      1,
    );
    // A release of this version is taken back by that.
    const own = printed.filter((line) => line.includes('"ChampionRefused":1'));
    expect(own.map((line) => JSON.parse(line))).toMatchObject([
      {
        version: '$LATEST',
        _aws: { CloudWatchMetrics: [{ Dimensions: [['service', 'version']] }] },
      },
    ]);
  });

  it('blames no version for it while nobody has been promoted', async () => {
    // Arrange
    await objects.remove([serving.champion]);
    const lines = captureOutput();
    // Act
    const handler = await start('/nowhere');
    const refused = (await handler(post({ history: [] }), context)) as Answer;
    // Assess
    const printed = lines.end();
    expect(refused.statusCode).toBe(503);
    expect(printed.join('\n')).toContain('"RecommendationsUnavailable":1');
    expect(printed.join('\n')).not.toContain('ChampionRefused');
  });

  it('counts and logs that the champion in service cannot be followed', async () => {
    // Arrange
    await promoteSmallModel(objects, 'one', 1);
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'ERROR');
    const handler = await start('/nowhere');
    const champion = await promoteSmallModel(objects, 'damaged', 2);
    await objects.putBytes(serving.modelFiles(champion.serving).weights, 'x');
    const lines = captureOutput();
    // Act
    const answer = (await handler(post({ history: [] }), context)) as Answer;
    // Assess
    const printed = lines.end();
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
    expect(JSON.parse(answer.body).champion.run).toBe('one');
    expect(printed.filter((line) => line.includes('cannot be loaded'))).toHaveLength(1);
    expect(printed.filter((line) => line.includes('"ChampionNotFollowed":1'))).toHaveLength(1);
  });

  it('answers with few bytes whatever it was sent', async () => {
    // Arrange
    await promoteSmallModel(objects, 'one', 1);
    const handler = await start('/nowhere');
    const ask = async (body: unknown) => (await handler(post(body), context)) as Answer;
    const unknown = Array.from(
      { length: 9000 },
      (_, index) => `unknown-${index}-${'x'.repeat(80)}`,
    );
    // Act
    const many = await ask({ history: unknown });
    const wrong = await ask({ history: Array.from({ length: 10_000 }, () => null) });
    const named = await ask({ history: [], ['k'.repeat(100_000)]: 1 });
    const large = await ask({ history: ['x'.repeat(maximumBodyBytes)] });
    const long = await ask({ history: ['x'.repeat(1025)] });
    // Assess
    const { unknownItems, unknownItemCount } = JSON.parse(many.body);
    expect([unknownItems.length, unknownItemCount]).toStrictEqual([100, 9000]);
    expect([wrong, named, large, long].map(({ statusCode }) => statusCode)).toStrictEqual([
      400, 400, 400, 400,
    ]);
    for (const { body } of [wrong, named, large, long]) expect(body.length).toBeLessThan(10_000);
    expect(JSON.parse(wrong.body).message).toContain('and 9980 more');
    expect(JSON.parse(large.body).message).toContain('at most 1048576 are taken');
    expect(JSON.parse(long.body).message).toMatch(
      /history\[0\]: the item id has \d+ characters; at most 1024/,
    );
  });

  it('refuses a number that JSON does not keep', async () => {
    const handler = await start('/nowhere');
    const event = { ...post({}), isBase64Encoded: false, body: '{"history": [9007199254740993]}' };
    const answer = (await handler(event, context)) as Answer;
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(answer.body).message).toContain('write it as text');
  });

  it('reads ids as ingestion does', async () => {
    await promoteSmallModel(objects, 'one', 1);
    const handler = await start('/nowhere');
    const history = [' item-3\t', 1.5, '017'];

    const answer = (await handler(post({ history }), context)) as Answer;

    expect(JSON.parse(answer.body).unknownItems).toStrictEqual(['1.5', '017']);
  });

  it('answers at each path, and by operation where it is invoked', async () => {
    // Arrange
    await promoteSmallModel(objects, 'one', 1);
    const handler = await start('/nowhere');
    const ask = async (rawPath: string, body: unknown) =>
      (await handler({ ...post(body), rawPath }, context)) as Answer;
    // Act
    const recommended = await ask('/', { history: ['item-1'], count: 2 });
    const same = await ask('/recommend', { history: ['item-1'], count: 2 });
    const similar = await ask('/stage/similar', { item_id: 'item-1', count: 2 });
    const ranked = await ask('/rerank', { history: ['item-1'], items: ['item-2', 'item-3'] });
    const invoked = await handler({ operation: 'similar', item_id: 'item-1', count: 2 }, context);
    const nowhere = await ask('/similiar', {});
    // Assess
    expect(same.body).toBe(recommended.body);
    expect(JSON.parse(recommended.body).requestId).toBe('id');
    expect(JSON.parse(similar.body).items).toHaveLength(2);
    expect(invoked).toEqual(JSON.parse(similar.body));
    expect(JSON.parse(ranked.body).items).toHaveLength(2);
    expect(nowhere.statusCode).toBe(404);
    await expect(handler({ operation: 'similiar' }, context)).rejects.toThrow('mean "similar"');
  });

  it('follows the newest run that knows users and titles, and goes on with the old one', async () => {
    // Arrange
    await promoteSmallModel(objects, 'one', 1);
    const write = async (run: string, title: string) => {
      const catalogue = new Map(itemIds.map((id) => [id, { title, fields: {} }]));
      const log = logOf(histories({ ann: 'item-1 item-2' }), { catalogue });
      const ordered = orderHistories(log, { policy: 'upload-order', seed: 1 });
      await writeEverybody(objects, run, gatherEverybody(log, ordered, { window: 3 }));
    };
    const handler = await start('/nowhere');
    const ask = async () => (await handler(post({ user_id: 'ann', count: 1 }), context)) as Answer;
    const point = (run: string) =>
      pointTo(objects, { run, createdAt: `2026-11-2${run.length}T00:00:00.000Z` });
    // Act
    const before = await ask();
    await write('a', 'First');
    await point('a');
    const first = await ask();
    await write('bb', 'Second');
    await point('bb');
    const isOlder = await point('a');
    const second = await ask();
    await point('missing');
    const stays = await ask();
    // Assess
    expect(before.statusCode).toBe(503);
    expect(isOlder).toBe(false);
    expect([first, second, stays].map(({ body }) => JSON.parse(body).items[0].title)).toEqual([
      'First',
      'Second',
      'Second',
    ]);
    await objects.remove([serving.everybody]);
  });

  it.each([
    ['an unknown key', post({ history: [], top: 3 }), /top: unknown key/],
    ['no history', post({ count: 3 }), /history/],
    ['a list that is too long', post({ history: [], count: 1001 }), /count/],
    ['another method', post({}, 'GET'), /POST/],
    [
      'a body that is not JSON',
      { version: '2.0', body: '{', requestContext: { http: { method: 'POST' } } },
      /not JSON/,
    ],
  ])('answers 400 to %s', async (_, event, message) => {
    // Arrange
    await promoteSmallModel(objects, 'one', 1);
    const handler = await start('/nowhere');
    // Act
    const answer = (await handler(event, context)) as Answer;
    // Assess
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(answer.body).message).toMatch(message);
  });

  it('throws what is wrong with a direct invocation', async () => {
    const handler = await start('/nowhere');
    await expect(handler({ histories: [] }, context)).rejects.toThrow(/histories: unknown key/);
  });
});

interface Item {
  readonly item_id: string;
  readonly score: number;
}
