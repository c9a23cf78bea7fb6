import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { createObjects, type Objects } from '#functions/shared/objects.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { uploadReport } from '#lib/interactions/report.ts';
import { runs, serving, uploads } from '#lib/pipeline/keys.ts';
import { environmentConfig } from '#lib/pipeline/config/environment.ts';
import { runStatus } from '#lib/pipeline/run.ts';
import { uploadBaseModel } from '../../bin/one-machine/uploads.ts';
import { bucketObjects } from '#local/bucket-objects.ts';
import {
  deploy,
  deployedDefinition,
  environment,
  invoke,
  s3Client,
} from './deployed.ts';
import { chooseAddress, type Emulator, startEmulator } from './emulator.ts';
import { type Containers, runNight, startContainers } from './night.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'lea-deploy-'));
const functionName = (name: string) => `lea-${environment}-${name}`;

/** As little as goes through every state. */
const config = {
  environment: {
    layers: 1,
    subsetFraction: 0.5,
    candidates: 2,
    similarCandidates: 1,
    stateDimension: 8,
    itemTokens: { epochs: 0.5 },
    adapter: { layers: 1, rank: 1, batchTokens: 256 },
  },
  training: {
    models: [
      { name: 'sasrec', backbone: 'sasrec', objective: 'supervised' },
      { name: 'sasrec-lea', backbone: 'sasrec', objective: 'snqn', lea: {} },
    ],
    dimension: 16,
    maximumEpochs: 3,
  },
  sequences: { minimumUserInteractions: 3, minimumItemInteractions: 1 },
  promotion: { minimumTestCases: 1 },
};

const items = Array.from({ length: 30 }, (_, item) => ({
  item_id: `item-${item}`,
  title: `Title ${item}`,
}));
const rows = Array.from({ length: 60 }, (_, user) =>
  Array.from({ length: 10 }, (_, at) => ({
    user_id: `user-${user}`,
    item_id: `item-${(user * 7 + at * (1 + (user % 3))) % 30}`,
    timestamp: 1_700_000_000 + user * 1000 + at,
  })),
).flat();
const lines = (values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

let s3: S3Client;
let containers: Containers;
let emulator: Emulator;
let outputs: Record<string, string>;
let objects: Objects;

beforeAll(async () => {
  const address = await chooseAddress(root, dir);
  s3 = s3Client(address);
  containers = await startContainers(dir, s3);
  emulator = await startEmulator(root, dir, address, containers.server);
  outputs = deploy(root, dir, emulator, config);
  objects = createObjects(s3, outputs.DataBucketName!);
});
afterAll(async () => {
  await containers?.stop();
  await emulator?.stop();
  console.log(dir); // DEBUG
});

/** Waits for something that the deployed functions do by themselves. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 120; attempt++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(1000);
  }
  throw new Error(`It did not happen. The emulator says:\n${tail()}`);
}

const tail = () => readFileSync(emulator.log, 'utf8').slice(-6000);

/** The report of the upload of a file. */
const reportOf = (file: string) =>
  eventually(async () => {
    for await (const { key } of objects.list(uploads.reportPrefix)) {
      if (!key.endsWith('/report.json')) continue;
      const report = await objects.getJson(key, uploadReport);
      if (report.file === file) return report;
    }
    return undefined;
  });

describe('A deployment whose policies are enforced', () => {
  it('ingests what is uploaded, through S3’s events, SQS and the functions', async () => {
    // Act
    await objects.putBytes('catalog/items.jsonl', lines(items));
    const catalogue = await reportOf('catalog/items.jsonl');
    await objects.putBytes('logs/first.jsonl', `${lines(rows)}{"user_id":\n`);
    const log = await reportOf('logs/first.jsonl');
    // Assess
    expect(catalogue).toMatchObject({ status: 'succeeded', read: 30, good: 30 });
    expect(log).toMatchObject({ status: 'succeeded', read: 601, good: 600, quarantined: 1 });
  });

  it('runs the deployed definition against the deployed functions', async () => {
    // Arrange
    onTestFailed(() => console.error(tail()));
    const { baseModel } = environmentConfig.parse(config.environment);
    await uploadBaseModel(objects, baseModel, join(root, '.cache/base-models', baseModel));
    const definition = await deployedDefinition(emulator, outputs.StateMachineArn!);
    // Act
    const execution = { definition, input: { run: 'first' }, name: 'first-1' };
    const { result, states, published } = await runNight(emulator, s3, containers, execution);
    // Assess
    console.log(states, JSON.stringify(result));
    expect(result).toMatchObject({ status: 'SUCCEEDED' });
    expect(await objects.getJson(runs.status('first'), runStatus)).toMatchObject({
      status: 'succeeded',
    });
    const evaluation = await objects.getJson(runs.evaluation('first'), evaluationFile);
    expect(evaluation.models.map((model) => model.name)).toStrictEqual(['sasrec']);
    expect(await objects.head(runs.report('first'))).toBeDefined();
    expect(await objects.head('locks/run.json')).toBeUndefined();
    expect(published).toHaveLength(1);
  });

  it('recommends with a champion, singly and to everybody', async () => {
    // Arrange
    await objects.putJson(serving.champion, {
      run: 'first',
      name: 'sasrec',
      prefix: runs.modelPrefix('first', 'sasrec'),
      ndcg10: 0.1,
      promotedAt: new Date().toISOString(),
    });
    // Act
    const history = ['item-1', 'item-2'];
    const one = await invoke(emulator, functionName('recommend'), { history, count: 5 });
    const message = { messageId: 'a', body: JSON.stringify({ kind: 'plan', run: 'first' }) };
    const planned = await invoke(emulator, functionName('recommend-batch'), { Records: [message] });
    const part = await eventually(async () => {
      const written = await objects.head(serving.recommendationsManifest('first'));
      return written && objects.getBytes(serving.recommendationsPart('first', 0));
    });
    // Assess
    expect(one).toMatchObject({
      payload: { source: 'model', model: { run: 'first', name: 'sasrec' } },
    });
    expect(planned).toStrictEqual({ payload: { batchItemFailures: [] } });
    expect(gunzipSync(part).toString().trimEnd().split('\n')).toHaveLength(60);
  });

  it('lets the housekeeper look, who finds nothing old', async () => {
    // Act
    const answer = await invoke(emulator, functionName('expire-runs'), {});
    // Assess
    expect(answer).toStrictEqual({ payload: { expired: 0 } });
  });

  it('leaves no user id and no item text in any log', () => {
    const log = readFileSync(emulator.log, 'utf8');
    expect(log).toContain('"message":"upload reported"');
    expect(log).not.toMatch(/user-\d|Title \d/);
  });
});
