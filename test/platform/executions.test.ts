import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { commands } from '#cli/commands/index.ts';

interface Call {
  readonly operation: string;
  readonly body: Record<string, unknown>;
}

const machine = 'arn:aws:states:eu-west-1:123456789012:stateMachine:lea-dev-nightly';
const member = (key: string, value: string) =>
  `<member>\n <Description>x</Description><OutputKey>${key}</OutputKey>\n<OutputValue>${value}</OutputValue></member>`;
const stacks: Readonly<Record<string, string>> = {
  'lea-dev-retraining': `<Outputs>${member('Another', 'y')}${member('StateMachineArn', machine)}</Outputs>`,
};

let server: Server | undefined;

/** CloudFormation and Step Functions of an account with one deployment, `running` of whose executions are at work. */
async function startAccount(...running: string[]): Promise<Call[]> {
  const calls: Call[] = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const query = new URL(request.url!, 'http://x').searchParams;
    if (query.get('Action') === 'DescribeStacks') {
      const name = query.get('StackName')!;
      const found = stacks[name];
      if (found === undefined) {
        response
          .writeHead(400)
          .end(
            `<Error><Code>ValidationError</Code><Message>Stack with id ${name} does not exist</Message></Error>`,
          );
      } else response.end(`<DescribeStacksResponse>${found}</DescribeStacksResponse>`);
      return;
    }
    const operation = String(request.headers['x-amz-target']).split('.')[1]!;
    const body = JSON.parse(Buffer.concat(chunks).toString());
    calls.push({ operation, body });
    const answers: Readonly<Record<string, object>> = {
      StartExecution: { executionArn: 'arn:started', startDate: 1 },
      ListExecutions: body.nextToken
        ? { executions: running.slice(1).map((executionArn) => ({ executionArn })) }
        : {
            executions: running.slice(0, 1).map((executionArn) => ({ executionArn })),
            nextToken: 'more',
          },
      StopExecution: { stopDate: 1 },
    };
    response.end(JSON.stringify(answers[operation]));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  return calls;
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  server?.close();
  server?.closeAllConnections();
});

/** What a command prints. */
async function lea(name: string, ...args: readonly string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const command = await commands[name]!.load();
  await command.prepare(args)();
  return log.mock.calls.map(([line]) => line).join('\n');
}

describe('Commands: start, resume and stop', () => {
  it('begin a run of the deployment, and go on with one', async () => {
    const calls = await startAccount();

    const text = await lea('start', '--environment', 'dev', '--run', 'mine');
    await lea('resume', '--environment', 'dev', '--run', 'mine');

    expect(text).toContain('Run mine has begun: arn:started');
    expect(calls).toEqual([
      { operation: 'StartExecution', body: { stateMachineArn: machine, input: '{"run":"mine"}' } },
      {
        operation: 'StartExecution',
        body: { stateMachineArn: machine, input: '{"run":"mine","resume":true}' },
      },
    ]);
  });

  it('stop whatever is at work, on every page of the answer', async () => {
    const calls = await startAccount('arn:one', 'arn:two');

    const text = await lea('stop', '--environment', 'dev');

    const stopped = calls.filter(({ operation }) => operation === 'StopExecution');
    expect(stopped.map(({ body }) => body.executionArn)).toEqual(['arn:one', 'arn:two']);
    expect(text).toBe('Stopped:\narn:one\narn:two');
  });

  it('say that nothing is at work', async () => {
    await startAccount();

    expect(await lea('stop', '--environment', 'dev')).toBe('No night is at work.');
  });

  it('name the stack that is not there, as commands do that read its bucket', async () => {
    await startAccount();

    await expect(lea('start', '--environment', 'prod')).rejects.toThrow(
      'There is no stack lea-prod-retraining in eu-west-1',
    );
    await expect(lea('status', '--environment', 'prod')).rejects.toThrow(
      'There is no stack lea-prod-data in eu-west-1',
    );
  });
});
