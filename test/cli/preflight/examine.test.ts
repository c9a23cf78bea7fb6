import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { examine } from '#cli/preflight/examine.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { type ObjectStore, startObjectStore } from '#local/object-store/server.ts';
import { createObjects } from '#platform/objects.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import throughput from '../../../config/throughput.json' with { type: 'json' };
import { temporaryFolder } from '../../temporary/folders.ts';

const dir = temporaryFolder('preflight');
let store: ObjectStore;

/** Service Quotas of an account that may do everything but build. */
const quotas = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { ServiceCode } = JSON.parse(Buffer.concat(chunks).toString());
  const values: Record<string, [name: string, value: number][]> = {
    codebuild: [['Concurrently running builds for Linux/Large environment', 0]],
    lambda: [['Concurrent executions', 1000]],
    sagemaker: ['endpoint', 'spot training job'].flatMap((use) =>
      ['ml.g5.xlarge', 'ml.c6i.2xlarge'].map((type): [string, number] => [
        `${type} for ${use} usage`,
        8,
      ]),
    ),
  };
  const Quotas = values[ServiceCode]!.map(([QuotaName, Value]) => ({ QuotaName, Value }));
  response.end(JSON.stringify({ Quotas }));
});

beforeAll(async () => {
  store = await startObjectStore({ dir });
  store.createBucket('data');
  await new Promise<void>((resolve) => quotas.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  quotas.close();
  await store.stop();
});

const config = parseConfig(
  { training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn', lea: {} }] } },
  'test',
);
const question = {
  config,
  deployment: 'lea-dev',
  bucket: undefined,
  buildsImages: true,
  counts: undefined,
  tables: parsePrices(prices, throughput),
};
const levels = async (changes: object = {}) =>
  Object.fromEntries(
    (await examine({ ...question, ...changes })).map(({ check, level }) => [check, level]),
  );

describe('Function: examine', () => {
  it('does without an account what needs none, and says what it skipped', async () => {
    // Arrange: nobody is logged in anywhere
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE', 'AWS_ACCESS_KEY_ID'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'none'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(dir, 'none'));
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    // Act, assess
    const skipped = (await examine(question)).filter(({ level }) => level === 'skipped');
    // Whoever reads it knows what to give.
    for (const { message } of skipped) expect(message).toMatch(/Set AWS_PROFILE|give --/);
    expect(await levels()).toStrictEqual({
      'Names in SageMaker': 'ok',
      'Instance types': 'ok',
      Times: 'skipped',
      'Memory of functions': 'ok',
      CodeBuild: 'skipped',
      SageMaker: 'skipped',
      Lambda: 'skipped',
      'Base model': 'skipped',
    });
  });

  it('asks the account, and looks into the bucket', async () => {
    // Arrange
    vi.stubEnv(
      'AWS_ENDPOINT_URL_SERVICEQUOTAS',
      `http://127.0.0.1:${(quotas.address() as AddressInfo).port}`,
    );
    vi.stubEnv('AWS_ENDPOINT_URL_S3', store.endpoint);
    vi.stubEnv('AWS_REGION', store.region);
    vi.stubEnv('AWS_ACCESS_KEY_ID', store.credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', store.credentials.secretAccessKey);
    const found = {
      'Names in SageMaker': 'ok',
      'Instance types': 'ok',
      Times: 'skipped',
      'Memory of functions': 'ok',
      CodeBuild: 'blocker',
      'Fitting the environment': 'ok',
      'Asking the environment': 'ok',
      'Training recommenders': 'ok',
      Lambda: 'ok',
      'Base model': 'blocker',
    };
    // Act, assess: nothing uploaded, then all of it, then images that are given
    expect(await levels({ bucket: 'data' })).toStrictEqual(found);
    const s3 = new S3Client({ forcePathStyle: true });
    const objects = createObjects(s3, 'data');
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
      await objects.putBytes(
        `${uploads.baseModelPrefix(config.environment.baseModel)}${name}`,
        'x',
      );
    }
    s3.destroy();
    const { CodeBuild: _, ...others } = found;
    expect(await levels({ bucket: 'data', buildsImages: false })).toStrictEqual({
      ...others,
      'Base model': 'ok',
    });
  });
});
