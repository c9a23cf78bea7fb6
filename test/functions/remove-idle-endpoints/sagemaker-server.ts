import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a small SageMaker and Step Functions hold, for tests. */
export interface Hosting {
  /** Names. */
  Endpoint: Map<string, unknown>;
  /** Name of a configuration -> that of its model. */
  EndpointConfig: Map<string, string>;
  /** Name of a model -> where its files are. */
  Model: Map<string, string>;
  /** Endpoints that are being created and cannot be deleted yet. */
  creating: Set<string>;
  /** Name of an execution -> its status. */
  executions: Map<string, string>;
}

/** Lists in pages of two, so that paging is needed. */
const pageSize = 2;
const createdAt = Date.parse('2026-11-23T03:00:00Z') / 1000;

/** Serves the few operations that the janitor uses, on a free port. */
export async function startSageMaker(hosting: Hosting) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const operation = String(request.headers['x-amz-target']).split('.')[1]!;
    const [status, answer] = respond(hosting, operation, JSON.parse(String(Buffer.concat(chunks))));
    response.writeHead(status).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

function respond(
  hosting: Hosting,
  operation: string,
  input: Record<string, string>,
): [number, object] {
  if (operation === 'DescribeExecution') {
    const status = hosting.executions.get(input.executionArn!.split(':').at(-1)!);
    return status === undefined
      ? [400, { __type: 'ExecutionDoesNotExist', message: 'Execution Does Not Exist' }]
      : [200, { status }];
  }
  const [, verb, kind] = /^(List|Describe|Delete)(Endpoint|EndpointConfig|Model)s?$/.exec(
    operation,
  )!;
  const hosted = hosting[kind as 'Model'];
  if (verb === 'List') {
    const found = [...hosted.keys()].filter((name) => name.includes(input.NameContains!)).sort();
    const start = Number(input.NextToken ?? 0);
    const page = found.slice(start, start + pageSize);
    return [
      200,
      {
        [`${kind}s`]: page.map((name) => ({ [`${kind}Name`]: name, CreationTime: createdAt })),
        ...(start + pageSize < found.length ? { NextToken: String(start + pageSize) } : {}),
      },
    ];
  }
  const name = input[`${kind}Name`]!;
  const fault = (message: string): [number, object] => [
    400,
    { __type: 'ValidationException', message },
  ];
  if (hosting.creating.has(name) && kind === 'Endpoint') {
    return fault('Cannot update in-progress endpoint');
  }
  const value = hosted.get(name);
  if (!hosted.has(name)) return fault(`Could not find ${kind} "${name}".`);
  if (verb === 'Describe') return [200, describe[kind as 'Model'](value!)];
  hosted.delete(name);
  return [200, {}];
}

const describe = {
  EndpointConfig: (model: string) => ({ ProductionVariants: [{ ModelName: model }] }),
  Model: (files: string) => ({
    PrimaryContainer: { ModelDataSource: { S3DataSource: { S3Uri: files } } },
  }),
};
