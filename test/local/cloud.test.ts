import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, startCloud } from '#local/cloud.ts';
import type { BatchFailure } from '#local/events/queue-source.ts';
import { runStateMachine } from '#local/state-machine/run.ts';
import { temporaryFolder } from '../temporary/folders.ts';
import { synthesiseFixture } from './fixture/app.ts';
import { eventually, isAlive } from './fixture/processes.ts';

let folder: string;
let cloud: Cloud;
let Bucket: string;
const failures: BatchFailure[] = [];

const start = () =>
  startCloud({
    assembly: join(folder, 'cdk.out'),
    dir: join(folder, 'cloud'),
    images: [],
    redeliverySeconds: 0,
    functionConcurrency: 2,
    onBatchFailure: (failure) => failures.push(failure),
  });

beforeAll(async () => {
  folder = temporaryFolder('cloud');
  synthesiseFixture({ outdir: join(folder, 'cdk.out') });
  cloud = await start();
  Bucket = cloud.outputs.DataBucketName!;
});

afterAll(async () => {
  await cloud.stop();
});

const put = (Key: string, Body: string) =>
  cloud.s3.send(new PutObjectCommand({ Bucket, Key, Body }));

async function keys(Prefix: string): Promise<string[]> {
  const { Contents = [] } = await cloud.s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
  return Contents.map((object) => object.Key!);
}

describe('Function: startCloud', () => {
  it('takes an upload through event, rule, queue and function', async () => {
    // Act
    await Promise.all([put('logs/a.jsonl', 'first'), put('catalog/b.csv', 'second')]);
    await put('elsewhere/c', 'not for the rule');
    const deadLetters = await cloud.drained();

    // Assess
    expect(deadLetters).toEqual([]);
    expect(await keys('done/')).toEqual(['done/catalog/b.csv', 'done/logs/a.jsonl']);
    const { Body } = await cloud.s3.send(
      new GetObjectCommand({ Bucket, Key: 'done/logs/a.jsonl' }),
    );
    const { text, event } = JSON.parse(await Body!.transformToString());
    expect(text).toBe('first');
    expect(event).toMatchObject({
      version: '0',
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: {
        bucket: { name: Bucket },
        object: { key: 'logs/a.jsonl', size: 5 },
        reason: 'PutObject',
      },
    });
  });

  it('moves a message to the dead-letter queue after maxReceiveCount, and its neighbours go through', async () => {
    // Arrange
    failures.length = 0;

    // Act
    await Promise.all([put('logs/1', 'good'), put('logs/2', 'poison'), put('logs/3', 'good')]);
    const deadLetters = await cloud.drained();

    // Assess
    expect(deadLetters).toEqual([{ queue: expect.stringContaining('DeadLetters'), messages: 1 }]);
    expect(await keys('done/logs/')).toEqual(['done/logs/1', 'done/logs/3', 'done/logs/a.jsonl']);
    expect(await keys('attempts/')).toHaveLength(3);
    // Whoever watches hears that the third try was the last.
    expect(failures.map(({ messages, givenUp }) => [messages, givenUp])).toEqual([
      [1, 0],
      [1, 0],
      [1, 1],
    ]);
  });

  it('fails the whole batch when the function throws or names a message that it did not get', async () => {
    // Arrange
    const before = (await cloud.drained())[0]?.messages ?? 0;
    failures.length = 0;

    // Act
    await put('logs/throws', 'throw');
    await cloud.drained();
    await put('logs/confused', 'unknown id');
    const [after] = await cloud.drained();

    // Assess
    expect(after!.messages - before).toBe(2);
    expect(failures.map(({ reason }) => reason)).toEqual([
      ...Array(3).fill('Error: the whole batch failed'),
      ...Array(3).fill('batchItemFailures names a message that is not in the batch'),
    ]);
  });

  it('delivers again when the queue’s own visibility timeout has passed', async () => {
    // Arrange
    const assembly = join(folder, 'visible');
    synthesiseFixture({ outdir: assembly, visibilitySeconds: 1 });
    const other = await startCloud({ assembly, dir: join(folder, 'visible-cloud'), images: [] });

    // Act
    const Key = 'logs/poison';
    const bucket = other.outputs.DataBucketName;
    await other.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'poison' }));
    const deadLetters = await other.drained();
    const attempts: string[] = [];
    for await (const { key } of other.objects.list(bucket!, 'attempts/')) attempts.push(key);
    await other.stop();

    // Assess
    expect(deadLetters).toEqual([{ queue: expect.any(String), messages: 1 }]);
    expect(attempts).toEqual([1, 2, 3].map((attempt) => `attempts/logs/poison/${attempt}`));
  });

  it('runs the deployed state machine', async () => {
    // Act
    const result = await runStateMachine({
      definition: cloud.stateMachine,
      input: {},
      name: 'test',
      resources: cloud.resources,
      objects: cloud.objects,
    });

    // Assess
    expect(result.status).toBe('SUCCEEDED');
    expect(cloud.notifications).toEqual([
      { topicArn: cloud.outputs.TopicArn, subject: undefined, message: '42' },
    ]);
  });

  it('lets nobody else into its folder', async () => {
    await expect(start()).rejects.toThrow(`is in use by process ${process.pid}`);
  });

  it('goes on after it was killed, and the kill leaves no process', async () => {
    // Arrange
    const assembly = join(folder, 'cdk.out');
    const dir = join(folder, 'killed');
    const program = fileURLToPath(new URL('./fixture/uploader.ts', import.meta.url));
    const demo = spawn(process.execPath, [program, assembly, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(demo.stdout, 'data')) as [Buffer];
    const { pids } = JSON.parse(line.toString()) as { pids: number[] };

    // Act
    const ended = once(demo, 'exit');
    demo.kill('SIGKILL');
    await ended; // until then its folder is in use
    await eventually(() => !pids.some(isAlive));
    const again = await startCloud({ assembly, dir, images: [], functionConcurrency: 2 });
    const deadLetters = await again.drained();

    // Assess
    expect(deadLetters).toEqual([]);
    const { Contents = [] } = await again.s3.send(
      new ListObjectsV2Command({ Bucket: again.outputs.DataBucketName!, Prefix: 'done/' }),
    );
    await again.stop();
    expect(Contents.map((object) => object.Key)).toEqual([
      'done/logs/also-waiting',
      'done/logs/waiting',
    ]);
  });
});

describe('Function: startCloud, templates that cannot run on one machine', () => {
  /** The fixture with a change to the template of its second stack; starts it and returns the failure. */
  async function failure(change: (resources: Record<string, Resource>) => void): Promise<string> {
    const outdir = join(folder, 'changed');
    synthesiseFixture({ outdir });
    const path = join(outdir, 'fixture-work.template.json');
    const template = JSON.parse(await readFile(path, 'utf8'));
    change(template.Resources);
    await writeFile(path, JSON.stringify(template));
    const dir = join(folder, 'never-started');
    const error = await startCloud({ assembly: outdir, dir, images: [] }).catch((reason) => reason);
    // Nothing is left behind: the same folder can be used again at once.
    await expect(readFile(join(dir, 'process.pid'))).rejects.toThrow('ENOENT');
    return error.message;
  }

  interface Resource {
    readonly Type: string;
    readonly Properties: Record<string, unknown>;
  }

  it.each([
    [
      'an input transformer',
      'AWS::Events::Rule',
      (properties: Record<string, unknown>) => {
        Object.assign((properties.Targets as object[])[0]!, { InputTransformer: {} });
      },
      'InputTransformer of target Target0 is not supported',
    ],
    [
      'a target that is no queue',
      'AWS::Events::Rule',
      (properties: Record<string, unknown>) => {
        Object.assign((properties.Targets as object[])[0]!, { Arn: 'arn:aws:sns:x' });
      },
      'the target arn:aws:sns:x is not a queue',
    ],
    [
      'an unknown operator',
      'AWS::Events::Rule',
      (properties: Record<string, unknown>) => {
        properties.EventPattern = { source: ['aws.s3'], detail: { size: [{ cidr: 'x' }] } };
      },
      'The operator "cidr"',
    ],
    [
      'an event filter',
      'AWS::Lambda::EventSourceMapping',
      (properties: Record<string, unknown>) => {
        properties.FilterCriteria = { Filters: [] };
      },
      'event filtering is not supported',
    ],
    [
      'an unknown intrinsic',
      'AWS::SQS::Queue',
      (properties: Record<string, unknown>) => {
        properties.VisibilityTimeout = { 'Fn::Random': 1 };
      },
      'The intrinsic function Fn::Random is not supported',
    ],
  ])('names %s', async (_case, type, change, message) => {
    expect(
      await failure((resources) => {
        const chosen = Object.values(resources).filter((resource) => resource.Type === type);
        change(chosen.at(-1)!.Properties);
      }),
    ).toContain(message);
  });
});
