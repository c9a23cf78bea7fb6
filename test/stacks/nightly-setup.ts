import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, vi } from 'vitest';
import { findFacts } from '#functions/publish-run-status/facts.ts';
import { sweep } from '#functions/remove-idle-endpoints/sweep.ts';
import { type PipelineConfig, parseConfig } from '#lib/contracts/config.ts';
import { interactions, locks, runs, uploads } from '#lib/contracts/keys.ts';
import { lockHolder } from '#lib/contracts/lock.ts';
import { runStatus } from '#lib/contracts/run.ts';
import { priceList } from '#lib/cost/prices.ts';
import { startObjectStore } from '#local/object-store/server.ts';
import { TaskError } from '#local/state-machine/errors.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import prices from '../../config/prices.json' with { type: 'json' };
import { temporaryFolder } from '../temporary/folders.ts';
import { allStates, type State } from './definition.ts';
import { definitionFor, type Fault, NightlyWorld } from './nightly-world.ts';

/*
 * What the tests of the nightly definition have in common: a file that imports this has a bucket of its own, with what a run
 * needs to begin, and a new run's name in each of its tests.
 */

const dir = temporaryFolder('nightly');
const context = { functionName: 'f', awsRequestId: 'r', getRemainingTimeInMillis: () => 60_000 };
const models = [{ name: 'first', backbone: 'sasrec', objective: 'snqn', lea: {} }];
export const instances = { environmentInstanceTypes: ['ml.g5.xlarge', 'ml.g5.2xlarge'] };
const configOf = (operations: object): PipelineConfig =>
  parseConfig({ training: { models }, operations: { ...instances, ...operations } }, 'test');

let store: Awaited<ReturnType<typeof startObjectStore>>;
let s3: S3Client;
export let objects: Objects;
let steps: ConstructorParameters<typeof NightlyWorld>[0]['steps'];

beforeAll(async () => {
  store = await startObjectStore({ dir });
  store.createBucket('data');
  vi.stubEnv('BUCKET', 'data');
  vi.stubEnv('AWS_ENDPOINT_URL', store.endpoint);
  vi.stubEnv('AWS_REGION', store.region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', store.credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', store.credentials.secretAccessKey);
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  s3 = new S3Client({ forcePathStyle: true });
  objects = createObjects(s3, 'data');
  const baseModel = uploads.baseModelPrefix(configOf({}).environment.baseModel);
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    await objects.putBytes(`${baseModel}${name}`, 'x');
  }
  const begin = await import('#functions/begin-run/handler.ts');
  const end = await import('#functions/end-run/handler.ts');
  steps = {
    beginRun: (payload) => begin.handler(payload, context as never),
    endRun: (payload) => end.handler(payload, context as never),
  };
});
afterAll(async () => {
  vi.unstubAllEnvs();
  s3.destroy();
  await store.stop();
});

/** Name of the test's own run. */
export let run = '';
let number = 0;
beforeEach(async () => {
  run = `run-${++number}`;
  await objects.remove([locks.run]);
  await objects.putBytes(interactions.part('2026-11-23', 'u', 0), 'x');
  await objects.putJson(uploads.report('u'), { status: 'succeeded' });
});

export const worldOf = (operations: object = {}) =>
  new NightlyWorld({ s3, objects, config: configOf(operations), steps });

/** Fails in one state, every time. */
export const failIn =
  (name: string, error = 'Injected'): Fault =>
  (stateName) => {
    if (stateName === name) throw new TaskError(error, 'a fault that was injected');
  };

/** Never ends in one state, until it is stopped. */
export const hangIn =
  (name: string, reached: () => void): Fault =>
  (stateName, _, signal) => {
    if (stateName !== name) return;
    reached();
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  };

export const statusOf = () => objects.getJson(runs.status(run), runStatus);
export const clean = (world: NightlyWorld) =>
  sweep({
    objects,
    sagemaker: world.service(),
    states: world.service(),
    deployment: 'lea-dev',
    executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:lea-dev-nightly',
    now: new Date(),
  });

/** Nothing costs money, nothing is locked. */
export async function expectNothingLeft(world: NightlyWorld): Promise<void> {
  expect([...world.endpoints.keys()]).toStrictEqual([]);
  expect(await lockHolder(objects)).toBeUndefined();
}

const definition = definitionFor(configOf({})) as { States: Record<string, State> };
export const everyState = allStates(definition.States);

/** What `publish-run-status` says that the execution cost. */
export async function costOf(world: NightlyWorld, execution: string): Promise<number | null> {
  const change = {
    executionArn: `arn:aws:states:eu-west-1:123456789012:execution:lea-dev-nightly:${execution}`,
    name: execution,
    status: 'SUCCEEDED' as const,
    startDate: 0,
    stopDate: world.now * 1000,
  };
  const services = { sagemaker: world.service(), states: world.service() };
  const list = { ...priceList.parse(prices), instanceHour };
  const sources = { ...services, objects, prices: list, deployment: 'lea-dev' };
  return (await findFacts(sources, run, change)).usd;
}

/** Prices that tell apart what was paid for. */
const instanceHour = {
  'ml.g5.xlarge': 1,
  'ml.g5.2xlarge': 10,
  'ml.c5.2xlarge': 10,
  'ml.c6i.2xlarge': 100,
};
/** Two recommenders and the refit of the winner, of six minutes each. */
export const trainingUsd = 30;
