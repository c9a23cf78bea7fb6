import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  ConfigError,
  ContractError,
  PipelineError,
  UnavailableError,
} from '#lib/contracts/errors.ts';
import { createJsonService } from '#platform/json-service.ts';

interface Seen {
  readonly target: string;
  readonly contentType: string;
  readonly body: unknown;
}

let server: Server | undefined;

/** Answers the calls one after the other, and the last answer again and again. */
async function startService(...answers: [status: number, body: string][]) {
  const seen: Seen[] = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    seen.push({
      target: String(request.headers['x-amz-target']),
      contentType: String(request.headers['content-type']),
      body: JSON.parse(Buffer.concat(chunks).toString()),
    });
    const [status, body] = answers[Math.min(seen.length, answers.length) - 1]!;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { seen, environment: environment(`http://127.0.0.1:${port}`) };
}

const environment = (url: string) => ({
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_ENDPOINT_URL: url,
});

afterEach(() => {
  server?.close();
  server = undefined;
});

const names = z.looseObject({ Names: z.array(z.string()) });

describe('Function: createJsonService', () => {
  it('names the operation, sends JSON and checks the answer', async () => {
    // Arrange
    const service = await startService([200, '{"Names": ["a"], "More": 1}']);
    const sagemaker = createJsonService('sagemaker', service.environment);
    // Act
    const answer = await sagemaker.call('ListThings', { MaxResults: 2 }, names);
    // Assess
    expect(answer.Names).toStrictEqual(['a']);
    expect(service.seen).toStrictEqual([
      {
        target: 'SageMaker.ListThings',
        contentType: 'application/x-amz-json-1.1',
        body: { MaxResults: 2 },
      },
    ]);
  });

  it.each([
    ['throttled', 400, '{"__type": "ThrottlingException", "message": "Rate exceeded"}'],
    ['throttled without a word', 400, '{"message": null}'],
    ['ill', 503, 'upstream'],
  ])('asks again when the service is %s', async (_, status, body) => {
    // Arrange
    const service = await startService([status, body], [200, '{"Names": []}']);
    const states = createJsonService('states', service.environment);
    // Act
    const answer = await states.call('ListThings', {}, names);
    // Assess
    expect(answer.Names).toStrictEqual([]);
    expect(service.seen).toHaveLength(2);
  });

  it.each([
    ['access denied', 403, '{"__type": "AccessDeniedException", "Message": "no"}', ConfigError],
    [
      'a wrong request',
      400,
      '{"__type": "x#ValidationException", "message": "bad"}',
      PipelineError,
    ],
    ['another answer', 200, '{"Things": 1}', ContractError],
  ])('fails at once on %s', async (_, status, body, kind) => {
    // Arrange
    const service = await startService([status, body]);
    const events = createJsonService('events', service.environment);
    // Act
    const failed = events.call('ListThings', {}, names);
    // Assess
    await expect(failed).rejects.toBeInstanceOf(kind);
    expect(service.seen).toHaveLength(1);
  });

  it('calls a broken connection unavailable', async () => {
    // Arrange
    const service = await startService([200, '{}']);
    await new Promise((resolve) => server!.close(resolve));
    const sagemaker = createJsonService('sagemaker', service.environment);
    // Act
    const failed = sagemaker.call('ListThings', {}, names);
    // Assess
    await expect(failed).rejects.toBeInstanceOf(UnavailableError);
  });
});
