import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalFunctions } from '#local/functions/functions.ts';
import { Guardian } from '#local/processes/guardian.ts';
import { readAssembly } from '#local/template/assembly.ts';
import { Templates } from '#local/template/templates.ts';
import { temporaryFolder } from '../../temporary/folders.ts';
import { synthesiseFixture } from '../fixture/app.ts';
import { eventually, isAlive } from '../fixture/processes.ts';

let dir: string;
let guardian: Guardian;
let functions: LocalFunctions;

beforeAll(async () => {
  dir = temporaryFolder('functions');
  synthesiseFixture({ outdir: join(dir, 'cdk.out') });
  guardian = new Guardian();
  const templates = new Templates(readAssembly(join(dir, 'cdk.out')), {
    account: '000000000000',
    region: 'eu-west-1',
    endpoint: 'http://127.0.0.1:1',
  });
  functions = new LocalFunctions({
    templates,
    dir,
    logs: join(dir, 'logs'),
    guardian,
    region: 'eu-west-1',
    environment: { AWS_REGION: 'eu-west-1', GREETING_AGAIN: 'overridden by the template' },
    replaced: { BUS: '' },
    concurrency: 2,
  });
});

afterAll(async () => {
  await functions.stop();
  await guardian.stop();
});

const behave = (event: object, signal?: AbortSignal) =>
  functions.get('fixture-behave').invoke(event, signal);

interface Answer {
  readonly value: number;
  readonly pid: number;
  readonly calls: number;
  readonly environment: Record<string, string>;
  readonly context: { readonly remaining: number };
}

async function answer(event: object): Promise<Answer> {
  const result = await behave(event);
  if ('error' in result) throw new Error(result.error.errorMessage);
  return result.payload as Answer;
}

describe('Class: LocalFunction', () => {
  it('gives the handler its environment and Lambda’s context', async () => {
    // Act
    const { environment, context } = await answer({ do: 'describe' });

    // Assess
    expect(environment).toMatchObject({
      BUCKET: expect.stringContaining('fixture-data'),
      GREETING: 'hello from eu-west-1',
      GREETING_AGAIN: 'hello',
      BUS: '',
      AWS_LAMBDA_FUNCTION_NAME: 'fixture-behave',
      _HANDLER: 'behave.handler',
    });
    expect(environment.VITEST).toBeUndefined();
    expect(context).toMatchObject({
      functionName: 'fixture-behave',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:fixture-behave',
      memoryLimitInMB: '128',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(context.remaining).toBeGreaterThan(0);
    expect(context.remaining).toBeLessThanOrEqual(120_000);
  });

  it('uses a healthy process again, and no more than the given number at a time', async () => {
    // Act
    const sleeps = await Promise.all(
      Array.from({ length: 6 }, () => answer({ do: 'sleep', milliseconds: 20 })),
    );
    const described = await answer({ do: 'describe' });

    // Assess
    const pids = new Set(sleeps.map(({ pid }) => pid));
    expect(pids.size).toBeLessThanOrEqual(2);
    expect(pids).toContain(described.pid);
    expect(described.calls).toBeGreaterThan(1);
  });

  it('answers errors in Lambda’s form', async () => {
    expect(await behave({ do: 'throw' })).toEqual({
      error: {
        errorType: 'TeapotError',
        errorMessage: 'I am a teapot',
        trace: expect.arrayContaining(['TeapotError: I am a teapot']),
      },
    });
    expect(await behave({ do: 'throw text' })).toEqual({
      error: { errorType: 'string', errorMessage: 'just text', trace: [] },
    });
    expect(await behave({ do: 'nothing' })).toEqual({ payload: null });
    expect(await behave({ do: 'large' })).toMatchObject({
      error: { errorType: 'Function.ResponseSizeTooLarge' },
    });
    await expect(behave({ text: 'x'.repeat(7 * 1024 * 1024) })).rejects.toThrow(RangeError);
  });

  it('says of each invocation how much memory it took', async () => {
    await answer({ do: 'return', value: 1 });

    const log = await readFile(join(dir, 'logs', 'fixture-behave.log'), 'utf8');
    expect(log).toMatch(
      /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tCPU Time: [\d.]+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB$/m,
    );
  });

  it('ends a process whose heap outgrows the memory of the function', async () => {
    expect(await behave({ do: 'fill' })).toMatchObject({
      error: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('SIGABRT') },
    });
  });

  it('survives a process that exits or hangs', async () => {
    // Arrange
    const { pid } = await answer({ do: 'describe' });

    // Act
    const exited = await behave({ do: 'exit' });
    const hung = await functions.get('fixture-hurried').invoke({ do: 'hang' });
    const after = await answer({ do: 'return', value: 1 });

    // Assess
    expect(exited).toMatchObject({
      error: {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringContaining('exit status 3'),
      },
    });
    expect(hung).toMatchObject({
      error: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringContaining('Task timed out after 1.00 seconds'),
      },
    });
    expect(after).toEqual({ value: 1 });
    await eventually(() => !isAlive(pid));
  });

  it('ends the process when the invocation is given up', async () => {
    // Arrange
    const abort = new AbortController();
    const { pid } = await answer({ do: 'describe' });

    // Act
    const invocation = behave({ do: 'sleep', milliseconds: 60_000 }, abort.signal);
    setTimeout(() => abort.abort(new Error('given up')), 50);

    // Assess
    await expect(invocation).rejects.toThrow('given up');
    await eventually(() => !isAlive(pid));
  });

  it('runs code that the template has inline, as CommonJS', async () => {
    // Act
    const result = await functions.get('fixture-inline').invoke({ a: 1 });

    // Assess
    expect(result).toEqual({ payload: { got: { a: 1 }, greeting: 'function' } });
  });

  it('finds functions by name, ARN and qualified ARN', () => {
    // Arrange
    const arn = 'arn:aws:lambda:eu-west-1:000000000000:function:fixture-behave';

    // Assess
    expect(functions.get(arn)).toBe(functions.get('fixture-behave'));
    expect(functions.get(`${arn}:$LATEST`)).toBe(functions.get('fixture-behave'));
    expect(() => functions.get('nobody')).toThrow('Function not found: nobody');
  });

  it('keeps what functions print in a file per function', async () => {
    // Act
    await behave({ do: 'throw' });

    // Assess
    const log = await readFile(join(dir, 'logs/fixture-behave.log'), 'utf8');
    expect(log).toContain('I am a teapot');
  });
});
