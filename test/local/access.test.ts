import { request } from 'node:http';
import { GetObjectCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newCredentials } from '#local/access.ts';
import { type SageMakerServer, startSageMakerServer } from '#local/sagemaker/http-server.ts';
import { Bucket, type Machine, startMachine } from './fixture/machine.ts';

let machine: Machine;
let server: SageMakerServer;

beforeAll(async () => {
  machine = await startMachine();
  await machine.put('secret', 'of one person');
  server = await startSageMakerServer({
    sagemaker: machine.sagemaker,
    account: '000000000000',
    credentials: machine.credentials,
    invocationTimeoutSeconds: 60,
  });
});

afterAll(async () => {
  await server.stop();
  await machine.stop();
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request with exactly these headers, as no SDK would send it. */
function ask(url: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  return new Promise((done, fail) => {
    const outgoing = request(url, { method, headers, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      done({ status: response.statusCode!, text });
    });
    outgoing.on('error', fail).end();
  });
}

const authorization = () =>
  `AWS4-HMAC-SHA256 Credential=${machine.credentials.accessKeyId}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0`;

describe('Who is let in', () => {
  it.each([
    ['an object', () => `${machine.endpoint}/${Bucket}/secret`, 'GET', {}],
    [
      'the queues',
      () => `${machine.endpoint}/`,
      'POST',
      { 'x-amz-target': 'AmazonSQS.ListQueues' },
    ],
    ['what a browser asks first', () => `${machine.endpoint}/${Bucket}/secret`, 'OPTIONS', {}],
    ['SageMaker', () => server.endpoint, 'POST', { 'x-amz-target': 'SageMaker.ListEndpoints' }],
    ['an endpoint', () => `${server.endpoint}/endpoints/any/invocations`, 'POST', {}],
  ])('nobody without credentials: %s', async (_case, url, method, headers) => {
    const answer = await ask(url(), headers, method);

    expect(answer.status).toBe(403);
    expect(answer.text).toContain('does not exist in our records');
    expect(answer.text).not.toContain('of one person');
  });

  it('nobody with others', async () => {
    const options = {
      endpoint: machine.endpoint,
      region: 'us-east-1',
      credentials: newCredentials(),
      maxAttempts: 1,
    };
    const s3 = new S3Client(options);
    const sqs = new SQSClient(options);

    await expect(s3.send(new ListBucketsCommand({}))).rejects.toThrow('does not exist');
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'secret' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    const QueueUrl = `${machine.endpoint}/000000000000/any`;
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    s3.destroy();
    sqs.destroy();
  });

  it.each([[`${Bucket}.evil.example`], ['evil.example'], ['127.0.0.1:1']])(
    'nobody who takes this machine for %s',
    async (host) => {
      const headers = { host, authorization: authorization() };

      expect((await ask(`${machine.endpoint}/${Bucket}/secret`, headers)).status).toBe(403);
      expect((await ask(`${machine.endpoint}/secret`, headers)).status).toBe(403);
      expect((await ask(server.endpoint, headers)).status).toBe(403);
    },
  );

  it('whoever has them, by either name of this machine, in the header or in the address', async () => {
    const { host, port } = new URL(machine.endpoint);
    const url = `${machine.endpoint}/${Bucket}/secret`;
    const presigned = `X-Amz-Credential=${machine.credentials.accessKeyId}%2F20260101%2Fus-east-1`;

    for (const name of [host, `localhost:${port}`]) {
      const answer = await ask(url, { host: name, authorization: authorization() });
      expect(answer).toEqual({ status: 200, text: 'of one person' });
    }
    expect((await ask(`${url}?${presigned}`, {})).status).toBe(200);
  });

  it('with credentials that are others each time', () => {
    expect(newCredentials()).not.toEqual(newCredentials());
  });
});
