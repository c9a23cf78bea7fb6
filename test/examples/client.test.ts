import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest';
import type * as z from 'zod';
import type { recommendRequest, rerankRequest, similarRequest } from '#lib/serving/request.ts';
import type { recommendAnswer, rerankAnswer, similarAnswer } from '#lib/serving/response.ts';
import * as client from '../../examples/client/client.ts';
import { promoteSmallModel } from '../functions/champion.ts';
import { context, startHandlerBucket } from '../functions/handlers.ts';

let bucket: Awaited<ReturnType<typeof startHandlerBucket>>;
let server: ReturnType<typeof createServer>;
let lea: ReturnType<typeof client.createClient>;
beforeAll(async () => {
  bucket = await startHandlerBucket({ OPT_ROOT: '/nowhere' });
  await promoteSmallModel(bucket.objects, 'a', 1);
  vi.resetModules();
  const { handler } = await import('#functions/recommend/handler.ts');
  // A function URL, as far as it matters here.
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const event = {
      version: '2.0',
      rawPath: request.url,
      body: Buffer.concat(chunks).toString(),
      requestContext: { http: { method: request.method } },
    };
    const answer = (await handler(event, context)) as {
      statusCode: number;
      headers: Record<string, string>;
      body: string;
    };
    response.writeHead(answer.statusCode, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  lea = client.createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(async () => {
  server.close();
  await bucket.stop();
});

describe('The typed client', () => {
  it('takes what the function takes, and gives what it gives', () => {
    expectTypeOf<client.RecommendRequest>().toExtend<z.input<typeof recommendRequest>>();
    expectTypeOf<client.SimilarRequest>().toExtend<z.input<typeof similarRequest>>();
    expectTypeOf<client.RerankRequest>().toExtend<z.input<typeof rerankRequest>>();
    expectTypeOf<keyof client.RecommendRequest>().toEqualTypeOf<
      keyof z.input<typeof recommendRequest>
    >();
    expectTypeOf<keyof client.SimilarRequest>().toEqualTypeOf<
      keyof z.input<typeof similarRequest>
    >();
    expectTypeOf<keyof client.RerankRequest>().toEqualTypeOf<keyof z.input<typeof rerankRequest>>();
    expectTypeOf<z.output<typeof recommendAnswer>>().toExtend<client.RecommendAnswer>();
    expectTypeOf<z.output<typeof similarAnswer>>().toExtend<client.SimilarAnswer>();
    expectTypeOf<z.output<typeof rerankAnswer>>().toExtend<client.RerankAnswer>();
  });

  it('asks for lists, similar items and an order', async () => {
    const { items, champion } = await lea.recommend({ history: ['item-1'], count: 3 });
    const similar = await lea.similar({ item_id: 'item-1', count: 2, exclude: ['item-2'] });
    const ranked = await lea.rerank({ history: [], items: ['item-4', 'item-5'] });

    expect([items.length, champion.run]).toEqual([3, 'a']);
    expect(similar.items).toHaveLength(2);
    expect(ranked.items.map(({ item_id }) => item_id).toSorted()).toEqual(['item-4', 'item-5']);
  });

  it('says why it is refused', async () => {
    const refused = lea.recommend({ history: [], count: 0 });

    await expect(refused).rejects.toThrow(client.LeaError);
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'ValidationError' });
  });
});
