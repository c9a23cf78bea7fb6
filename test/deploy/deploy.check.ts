import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import * as z from 'zod';
import { baseModelFiles } from '#cli/one-machine/base-model.ts';
import { putBaseModel } from '#cli/one-machine/uploads.ts';
import { recommendationsManifest } from '#functions/recommend-batch/messages.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { environments, partNumberOf, runs, serving, uploads } from '#lib/contracts/keys.ts';
import { lockHolder } from '#lib/contracts/lock.ts';
import { runStatus } from '#lib/contracts/run.ts';
import { environmentPlan } from '#lib/environment/version.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { uploadReport } from '#lib/interactions/report.ts';
import { createJsonService } from '#platform/json-service.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { temporaryFolder } from '../temporary/folders.ts';
import { call } from './api.ts';
import {
  bootstrap,
  deploy,
  deployedStateMachine,
  environment,
  invoke,
  s3Client,
  synthesised,
} from './deployed.ts';
import { account, chooseAddress, type Emulator, region, startEmulator } from './emulator.ts';
import { config, items, lines, rows } from './fixture.ts';
import { functionLogs } from './logs.ts';
import {
  budgetSubscribers,
  dashboardMetrics,
  describeAlarms,
  isTopic,
  unwatchable,
} from './monitoring.ts';
import { type Containers, runNight, startContainers } from './night.ts';
import { s3AsCarelessUser, s3AsRole } from './principals.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dir = temporaryFolder('lea-deploy');
const functionName = (name: string) => `lea-${environment}-${name}`;

let s3: S3Client;
let containers: Containers;
let emulator: Emulator;
let outputs: Record<string, string>;
let objects: Objects;

beforeAll(async () => {
  const address = await chooseAddress(root, dir);
  s3 = s3Client(address);
  containers = await startContainers(dir, s3);
  emulator = await startEmulator(root, dir, address, containers);
  await bootstrap(root, dir, emulator);
  outputs = await deploy(root, dir, emulator, config);
  objects = createObjects(s3, outputs.DataBucketName!);
});
afterAll(async () => {
  await containers?.stop();
  await emulator?.stop();
});

/** Waits for something that the deployed functions do by themselves. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 120; attempt++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(1000);
  }
  const logged = [...(await functionLogs(emulator)).values()].flat();
  const errors = logged.filter((line) => line.includes('"level":"ERROR"')).join('\n');
  throw new Error(`It did not happen.\n${errors}\nThe emulator says:\n${tail()}`);
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

  it('gives dead letters to their function again, by the call that the runbook has', async () => {
    // Arrange
    const sqs = <Answer>(operation: string, input: object, answer: z.ZodType<Answer>) =>
      call(emulator, 'sqs', `AmazonSQS.${operation}`, input, answer);
    const name = { QueueName: `lea-${environment}-plan-upload-dead-letters` };
    const { QueueUrl } = await sqs('GetQueueUrl', name, z.looseObject({ QueueUrl: z.string() }));
    const attributes = z.looseObject({ Attributes: z.record(z.string(), z.string()) });
    const asked = { QueueUrl, AttributeNames: ['All'] };
    const { Attributes } = await sqs('GetQueueAttributes', asked, attributes);
    const object = { key: 'logs/dead.jsonl', etag: 'e' };
    const detail = { bucket: { name: outputs.DataBucketName }, object };
    const event = { source: 'aws.s3', 'detail-type': 'Object Created', detail };
    const letter = { QueueUrl, MessageBody: JSON.stringify(event) };
    await sqs('SendMessage', letter, z.looseObject({}));
    // Act
    await sqs('StartMessageMoveTask', { SourceArn: Attributes.QueueArn }, z.looseObject({}));
    const read = await eventually(async () => {
      const lines = [...(await functionLogs(emulator)).values()].flat();
      return lines.find((line) => line.includes('nothing to parse') && line.includes(object.key));
    });
    // Assess
    expect(read).toContain('deleted before it was read');
    const after = await sqs('GetQueueAttributes', asked, attributes);
    expect(after.Attributes.ApproximateNumberOfMessages).toBe('0');
  });

  it('runs the deployed definition against the deployed functions', async () => {
    // Arrange
    onTestFailed(() => console.error(tail()));
    const { baseModel } = parseConfig(config, 'fixture.ts').environment;
    const folder = join(root, '.cache/base-models', baseModel);
    await putBaseModel(objects, baseModel, folder, baseModelFiles(folder, baseModel));
    const machine = await deployedStateMachine(emulator, outputs.StateMachineArn!);
    // Act
    const execution = { input: { run: 'first' }, name: 'first-1' };
    const { result, published } = await runNight(emulator, s3, containers, machine, execution);
    // Assess
    const { status, error, cause } = result;
    expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED' });
    expect(await objects.getJson(runs.status('first'), runStatus)).toMatchObject({
      status: 'succeeded',
    });
    const evaluation = await objects.getJson(runs.evaluation('first'), evaluationFile);
    expect(evaluation.models.map((model) => model.name)).toStrictEqual(['sasrec', 'sasrec-lea']);
    expect(await objects.head(runs.report('first'))).toBeDefined();
    expect(await lockHolder(objects)).toBeUndefined();
    expect(published).toHaveLength(1);
  });

  it('asks the environment about every sequence, and lets go of its endpoint', async () => {
    // Arrange
    const parts = async (prefix: string) => {
      const found: (number | undefined)[] = [];
      for await (const { key } of objects.list(prefix)) found.push(partNumberOf(key));
      return found.filter((part) => part !== undefined);
    };
    // Act
    const trained = await parts(runs.trainPrefix('first'));
    const augmented = await parts(runs.augmentedPrefix('first'));
    const { version } = await objects.getJson(runs.environmentPlan('first'), environmentPlan);
    // Assess
    expect(trained.length).toBeGreaterThan(4);
    expect(augmented).toStrictEqual(trained);
    expect(await objects.head(environments.manifest(version))).toBeDefined();
    expect(containers.sagemaker.endpoints.list()).toStrictEqual([]);
  });

  it('removes the endpoint of a run that was killed', async () => {
    // Arrange
    const machine = await deployedStateMachine(emulator, outputs.StateMachineArn!);
    const killer = new AbortController();
    await runNight(emulator, s3, containers, machine, {
      input: { run: 'second' },
      name: 'second-1',
      signal: killer.signal,
      onEvent: ({ type, state }) => {
        if (type === 'state-entered' && state === 'AugmentSequences') killer.abort();
      },
    });
    const left = containers.sagemaker.endpoints.list().map(({ name }) => name);
    // Act
    const reason = { reason: 'hourly' };
    const swept = await invoke(emulator, functionName('remove-idle-endpoints'), reason);
    // Assess
    expect(left).toHaveLength(1);
    expect(swept).toMatchObject({ payload: { removed: left, left: [], releasedRun: 'second' } });
    expect(containers.sagemaker.endpoints.list()).toStrictEqual([]);
    expect(await lockHolder(objects)).toBeUndefined();
  });

  it('announces how an execution ended, and what its run cost', async () => {
    // Arrange
    const states = createJsonService('states', emulator.environment);
    const input = { stateMachineArn: outputs.StateMachineArn, input: '{"run": "first"}' };
    // Act
    await states.call('StartExecution', input, z.looseObject({}));
    const announced = await eventually(async () => {
      const lines = [...(await functionLogs(emulator)).values()].flat();
      const said = lines.filter((line) => line.includes('"message":"announced"'));
      return said.map((line) => JSON.parse(line)).find(({ status }) => status !== 'running');
    });
    // Assess
    expect(announced).toMatchObject({ run: 'first', status: 'succeeded' });
    expect(announced.usd).toBeGreaterThan(0);
  });

  it('answers 503 to HTTP where the champion’s files are gone, and says which version refused', async () => {
    // Arrange
    await objects.putJson(serving.champion, {
      run: 'first',
      name: 'gone',
      prefix: runs.modelPrefix('first', 'gone'),
      ndcg10: 0.1,
      promotedAt: new Date().toISOString(),
    });
    const http = { method: 'POST' };
    const request = { version: '2.0', body: '{"history": []}', requestContext: { http } };
    // Act
    const refused = await invoke(emulator, outputs.RecommendFunctionName!, request);
    // Assess
    expect(refused).toMatchObject({ payload: { statusCode: 503 } });
    await objects.remove([serving.champion]);
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
    const one = await invoke(emulator, outputs.RecommendFunctionName!, { history, count: 5 });
    // What the hourly rule says; everybody's lists are not there yet.
    const check = { messageId: 'b', body: JSON.stringify({ kind: 'check' }) };
    await invoke(emulator, functionName('recommend-batch'), { Records: [check] });
    const message = { messageId: 'a', body: JSON.stringify({ kind: 'plan', run: 'first' }) };
    const planned = await invoke(emulator, functionName('recommend-batch'), { Records: [message] });
    const part = await eventually(async () => {
      const key = serving.recommendationsManifest('first');
      const written = await objects.getVersion(key, recommendationsManifest);
      return written && objects.getBytes(`${written.value.prefix}part-00000.jsonl.gz`);
    });
    // Assess
    expect(one).toMatchObject({
      payload: { source: 'model', champion: { run: 'first', name: 'sasrec' } },
    });
    expect(planned).toStrictEqual({ payload: { batchItemFailures: [] } });
    expect(gunzipSync(part).toString().trimEnd().split('\n')).toHaveLength(60);
  });

  it('keeps whoever uploads to the inbox, whatever IAM lets him do', async () => {
    // Arrange
    const bucket = outputs.DataBucketName!;
    const shop = createObjects(await s3AsRole(emulator, outputs.UploaderRoleArnshop!), bucket);
    const models = createObjects(await s3AsRole(emulator, outputs.UploaderRoleArnmodels!), bucket);
    const careless = createObjects(await s3AsCarelessUser(emulator), bucket);
    const operator = createObjects(await s3AsRole(emulator, outputs.OperatorRoleArn!), bucket);
    const before = await objects.getJson(serving.champion, z.looseObject({}));
    const weights = `${uploads.baseModelPrefix('other')}config.json`;
    const internals = [serving.champion, environments.latest, runs.config('first'), 'anything'];
    const outcome = (writing: Promise<unknown>) =>
      writing.then(
        () => 'done',
        (error: Error) => (/access denied/.test(error.message) ? 'denied' : error.message),
      );
    // Act
    const written = async (who: Objects, keys: readonly string[]) =>
      Promise.all(keys.map((key) => outcome(who.putBytes(key, '{}'))));
    // Assess
    expect(await written(shop, ['logs/shop/notes.txt', 'catalog/shop/notes.txt'])).toStrictEqual([
      'done',
      'done',
    ]);
    expect(await written(shop, ['logs/other/a.txt', weights, ...internals])).toStrictEqual(
      Array(6).fill('denied'),
    );
    expect(await written(models, [weights, 'logs/shop/a.txt'])).toStrictEqual(['done', 'denied']);
    expect(await written(careless, ['logs/notes.txt', weights, ...internals])).toStrictEqual([
      'done',
      ...Array(5).fill('denied'),
    ]);
    expect(await outcome(careless.remove([serving.champion]))).not.toBe('done');
    expect(await outcome(operator.putJson(serving.champion, before))).toBe('done');
    expect(await outcome(shop.getBytes('logs/shop/notes.txt'))).toBe('denied');
    expect(await outcome(shop.list('').next())).toBe('denied');
    expect(await outcome(shop.list('logs/shop/').next())).toBe('done');
    expect(await objects.getJson(serving.champion, z.looseObject({}))).toStrictEqual(before);
  });

  it('lets the housekeeper look, who finds nothing old', async () => {
    // Act
    const answer = await invoke(emulator, functionName('expire-runs'), {});
    // Assess
    expect(answer).toStrictEqual({ payload: { expired: 0 } });
  });

  it('has every alarm, which watches what is deployed and tells the topic', async () => {
    // Arrange
    const wanted = ['monitoring', 'serving'].flatMap((stack) =>
      synthesised(dir, stack, 'AWS::CloudWatch::Alarm'),
    );
    const topic = `arn:aws:sns:${region}:${account}:lea-${environment}-notifications`;
    // Act
    const alarms = await describeAlarms(emulator);
    const unknown = await unwatchable(
      emulator,
      alarms.flatMap(({ metrics }) => metrics),
    );
    // Assess
    expect(alarms.map((alarm) => alarm.AlarmName).toSorted()).toStrictEqual(
      wanted.map(({ AlarmName }) => AlarmName as string).toSorted(),
    );
    for (const { AlarmName, AlarmActions, OKActions, ActionsEnabled, metrics } of alarms) {
      expect({ AlarmName, AlarmActions, OKActions, ActionsEnabled }).toStrictEqual({
        AlarmName,
        AlarmActions: [topic],
        OKActions: [topic],
        ActionsEnabled: true,
      });
      expect(metrics, AlarmName).not.toHaveLength(0);
    }
    expect(unknown).toStrictEqual([]);
    expect(await isTopic(emulator, topic)).toBe(true);
    expect(await budgetSubscribers(emulator, `lea-${environment}`)).toStrictEqual([
      [topic],
      [topic],
    ]);
  });

  it('has a dashboard that shows what is deployed', async () => {
    // Arrange
    const [dashboard] = synthesised(dir, 'monitoring', 'AWS::CloudWatch::Dashboard');
    // Act
    const metrics = await dashboardMetrics(emulator, dashboard?.DashboardName as string);
    // Assess
    expect(metrics.length).toBeGreaterThan(20);
    expect(await unwatchable(emulator, metrics)).toStrictEqual([]);
  });

  it('takes changes of its configuration, and takes them back', async () => {
    // Arrange
    const operations = {
      ...config.operations,
      schedule: null,
      customerManagedKey: true,
      serving: { batchCount: 0 },
    };
    const isStartWatched = async () =>
      (await describeAlarms(emulator)).some(({ AlarmName }) => AlarmName.endsWith('starts-dead'));
    // Act
    const changed = await deploy(root, dir, emulator, { ...config, operations });
    const watchedMeanwhile = await isStartWatched();
    const back = await deploy(root, dir, emulator, config);
    // Assess
    expect(changed).toStrictEqual(outputs);
    expect(back).toStrictEqual(outputs);
    expect(watchedMeanwhile).toBe(false);
    expect(await isStartWatched()).toBe(true);
    expect(await objects.head(runs.report('first'))).toBeDefined();
  });

  it('leaves no user id and no item text in any log', async () => {
    // Arrange
    const functions = await functionLogs(emulator);
    const jobs = readdirSync(containers.logs).map((name) => join(containers.logs, name));
    // Act
    const lines = [...functions.values()].flat();
    const files = [emulator.log, ...jobs].map((path) => readFileSync(path, 'utf8'));
    // Assess
    const text = [...lines, ...files].join('\n');
    expect(jobs.length).toBeGreaterThan(3);
    expect(text).toContain('"message":"upload reported"');
    expect(text).not.toMatch(/user-\d|Title \d/);
  });
});
