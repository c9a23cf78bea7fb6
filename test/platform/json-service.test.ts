import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  ConfigError,
  ContractError,
  PipelineError,
  UnavailableError,
} from '#lib/contracts/errors.ts';
import { createJsonService } from '#platform/json-service.ts';
import { Sha256 } from './sha256.ts';

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
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
    const text = Buffer.concat(chunks).toString();
    seen.push({
      headers: request.headers,
      text,
      target: String(request.headers['x-amz-target']),
      contentType: String(request.headers['content-type']),
      body: JSON.parse(text),
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
  it.each(['sagemaker', 'states', 'events', 'codebuild'] as const)(
    'signs a call to %s as the SDK does',
    async (name) => {
      // Arrange
      const service = await startService([200, '{}']);
      const environment = { ...service.environment, AWS_SESSION_TOKEN: 'a/token+of=a/session==' };
      const input = { Text: 'ÄÖ é 漢字 🙂', Number: 1.5, More: ['a b', '\'"\\\n'] };
      // Act
      await createJsonService(name, environment).call('DoThings', input, z.unknown());
      // Assess
      const [{ headers, text }] = service.seen as [Seen];
      const time = String(headers['x-amz-date']);
      const signer = new SignatureV4({
        service: name,
        region: 'eu-west-1',
        credentials: {
          accessKeyId: 'AKIDEXAMPLE',
          secretAccessKey: 'secret',
          sessionToken: environment.AWS_SESSION_TOKEN,
        },
        sha256: Sha256,
        applyChecksum: false,
      });
      const request = {
        method: 'POST',
        protocol: 'http:',
        hostname: '127.0.0.1',
        path: '/',
        query: {},
        headers: {
          host: String(headers.host),
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': String(headers['x-amz-target']),
        },
        body: text,
      };
      const reference = await signer.sign(request, {
        signingDate: new Date(
          time.replace(/(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3:$4:$5Z'),
        ),
        unsignableHeaders: new Set(['content-type']),
      });
      expect(headers.authorization).toBe(reference.headers.authorization);
      expect(headers['x-amz-security-token']).toBe(environment.AWS_SESSION_TOKEN);
      expect(JSON.parse(text)).toStrictEqual(input);
    },
  );

  it('names the operation, sends JSON and checks the answer', async () => {
    // Arrange
    const service = await startService([200, '{"Names": ["a"], "More": 1}']);
    const sagemaker = createJsonService('sagemaker', service.environment);
    // Act
    const answer = await sagemaker.call('ListThings', { MaxResults: 2 }, names);
    // Assess
    expect(answer.Names).toStrictEqual(['a']);
    expect(service.seen).toMatchObject([
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
