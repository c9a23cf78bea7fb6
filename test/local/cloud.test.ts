import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, startCloud } from '#local/cloud.ts';
import { runStateMachine } from '#local/state-machine/run.ts';
import { synthesiseFixture } from './fixture/app.ts';

let folder: string;
let cloud: Cloud;
let Bucket: string;

const start = () =>
  startCloud({
    assembly: join(folder, 'cdk.out'),
    dir: join(folder, 'cloud'),
    images: [],
    redeliverySeconds: 0,
    functionConcurrency: 2,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloud-'));
  synthesiseFixture({ outdir: join(folder, 'cdk.out') });
  cloud = await start();
  Bucket = cloud.outputs.DataBucketName!;
});

afterAll(async () => {
  await cloud.stop();
  await rm(folder, { recursive: true });
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
    // Act
    await Promise.all([put('logs/1', 'good'), put('logs/2', 'poison'), put('logs/3', 'good')]);
    const deadLetters = await cloud.drained();

    // Assess
    expect(deadLetters).toEqual([{ queue: expect.stringContaining('DeadLetters'), messages: 1 }]);
    expect(await keys('done/logs/')).toEqual(['done/logs/1', 'done/logs/3', 'done/logs/a.jsonl']);
    expect(await keys('attempts/')).toHaveLength(3);
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
});
