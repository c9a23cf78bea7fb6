import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { impressionStream } from '#functions/recommend/impressions.ts';
import { type Impression, impression } from '#lib/contracts/impression.ts';

const shown: Impression = {
  recommendation_id: 'a',
  time: 1.7e9,
  operation: 'recommend',
  user_id: 'ü',
  experiment: null,
  variant: 'champion',
  propensity: 1,
  model: { run: 'one', name: 'small' },
  source: 'model',
  items: ['1'],
  scores: [0.5],
  count: 1,
};

let server: Server;

/** A stream that answers with a status, and what it was sent. */
async function startStream(status: number, body: object) {
  const seen: {
    target: unknown;
    body: { DeliveryStreamName: string; Record: { Data: string } };
  }[] = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const target = request.headers['x-amz-target'];
    seen.push({ target, body: JSON.parse(Buffer.concat(chunks).toString()) });
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_ENDPOINT_URL_FIREHOSE', `http://127.0.0.1:${port}`);
  return seen;
}
afterEach(() => {
  vi.unstubAllEnvs();
  server.close();
});

describe('Function: impressionStream', () => {
  it('hands on an answer as a line of its own', async () => {
    // Arrange
    const seen = await startStream(200, { RecordId: 'r' });
    // Act
    await impressionStream('lea-dev-impressions').add(shown);
    // Assess
    const [{ target, body }] = seen as [(typeof seen)[number]];
    const text = Buffer.from(body.Record.Data, 'base64').toString();
    expect(target).toBe('Firehose_20150804.PutRecord');
    expect(body.DeliveryStreamName).toBe('lea-dev-impressions');
    expect(text.endsWith('}\n')).toBe(true);
    expect(impression.parse(JSON.parse(text))).toStrictEqual(shown);
  });

  it('tries a stream twice that is away, then says so', async () => {
    const seen = await startStream(503, {
      __type: 'ServiceUnavailableException',
      message: 'later',
    });

    await expect(impressionStream('s').add(shown)).rejects.toMatchObject({ retryable: true });
    expect(seen).toHaveLength(2);
  });
});
