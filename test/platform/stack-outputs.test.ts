import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MissingArtefactError, UnavailableError } from '#lib/contracts/errors.ts';
import { readStackOutputs } from '#platform/stack-outputs.ts';

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server = undefined;
});

/** An endpoint of CloudFormation that gives one answer. */
async function startStacks(status: number, body: string, token?: string) {
  const seen: { url: URL; headers: Record<string, unknown> }[] = [];
  server = createServer((request, response) => {
    seen.push({ url: new URL(request.url!, 'http://localhost'), headers: request.headers });
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { seen, environment: environment(endpoint, token) };
}

const environment = (endpoint: string, token?: string) => ({
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  ...(token !== undefined && { AWS_SESSION_TOKEN: token }),
  AWS_ENDPOINT_URL_CLOUDFORMATION: endpoint,
});

const failure = (code: string, message: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

describe('Function: readStackOutputs', () => {
  it('reads outputs in whatever order CloudFormation writes a member', async () => {
    const { seen, environment } = await startStacks(
      200,
      `<DescribeStacksResponse><Outputs>
        <member><OutputKey>Bucket</OutputKey><OutputValue>data</OutputValue></member>
        <member><Description>d</Description><OutputValue>arn:x</OutputValue><ExportName>e</ExportName><OutputKey>Machine</OutputKey></member>
        <member><OutputKey>Empty</OutputKey><OutputValue></OutputValue></member>
      </Outputs></DescribeStacksResponse>`,
      'session',
    );

    const outputs = await readStackOutputs('lea-dev-data', environment);

    expect([...outputs]).toStrictEqual([
      ['Bucket', 'data'],
      ['Machine', 'arn:x'],
      ['Empty', ''],
    ]);
    expect(Object.fromEntries(seen[0]!.url.searchParams)).toStrictEqual({
      Action: 'DescribeStacks',
      StackName: 'lea-dev-data',
      Version: '2010-05-15',
    });
    expect(seen[0]!.headers.authorization).toContain('/eu-west-1/cloudformation/aws4_request');
    expect(seen[0]!.headers['x-amz-security-token']).toBe('session');
  });

  it('says that there is no such stack, and what to do', async () => {
    const { environment } = await startStacks(
      400,
      failure('ValidationError', 'Stack with id lea-dev-data does not exist'),
    );

    await expect(readStackOutputs('lea-dev-data', environment)).rejects.toThrow(
      new MissingArtefactError(
        'There is no stack lea-dev-data in eu-west-1: deploy it (docs/deploy.md), or name another environment or region.',
      ),
    );
  });

  it.each([
    [403, failure('AccessDenied', 'not yours'), 'not yours'],
    [502, 'bad gateway', 'HTTP status 502'],
  ])('passes on what the service says of a failure (%i)', async (status, body, message) => {
    const { environment } = await startStacks(status, body);

    await expect(readStackOutputs('lea-dev-data', environment)).rejects.toThrow(message);
  });

  it('says that nobody answers, which may be tried again', async () => {
    const { environment } = await startStacks(200, '');
    server!.close();
    await new Promise((resolve) => server!.once('close', resolve));

    await expect(readStackOutputs('lea-dev-data', environment)).rejects.toThrow(UnavailableError);
  });
});
