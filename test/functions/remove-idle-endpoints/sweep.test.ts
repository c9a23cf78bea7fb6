import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '#functions/remove-idle-endpoints/sweep.ts';
import { environments, locks, runs } from '#lib/contracts/keys.ts';
import { lockHolder, takeLock } from '#lib/contracts/lock.ts';
import { runStatus } from '#lib/contracts/run.ts';
import { createJsonService } from '#platform/json-service.ts';
import { startBucket } from '../bucket.ts';
import { type Hosting, startSageMaker } from './sagemaker-server.ts';

let bucket: Awaited<ReturnType<typeof startBucket>>;
let server: Awaited<ReturnType<typeof startSageMaker>>;
const hosting: Hosting = {
  Endpoint: new Map(),
  EndpointConfig: new Map(),
  Model: new Map(),
  creating: new Set(),
  executions: new Map(),
};

beforeAll(async () => {
  bucket = await startBucket();
  server = await startSageMaker(hosting);
});
afterAll(async () => {
  await server.stop();
  await bucket.stop();
});
beforeEach(async () => {
  for (const hosted of Object.values(hosting)) hosted.clear();
  await bucket.objects.remove([
    locks.run,
    runs.status('a'),
    runs.manifest('a'),
    environments.registration('v1'),
  ]);
});

/** Endpoints of attempts. */
function host(...names: string[]) {
  for (const name of names) hosting.Endpoint.set(name, {});
}

const model = 'lea-dev--environment-0123456789abcdef';
const config = 'lea-dev--environment-fedcba9876543210';

/** The model and the configuration with which an environment is served. */
async function serve(version: string, { registered }: { registered: boolean }) {
  const { objects } = bucket;
  if (registered) await objects.putJson(environments.registration(version), {});
  hosting.Model.set(model, `s3://${objects.bucket}/${environments.folder(version)}`);
  hosting.EndpointConfig.set(config, model);
}

/** A run that has begun: its lock, its attempts and its status. */
async function begin(run: string, executions: string[]) {
  const { objects } = bucket;
  const startedAt = '2026-11-23T02:30:00.000Z';
  await objects.putJson(locks.run, { run, execution: executions.at(-1), takenAt: startedAt });
  await objects.putJson(runs.status(run), { run, status: 'running', startedAt });
  await objects.putJson(runs.manifest(run), {
    run,
    createdAt: startedAt,
    inputs: { interactions: [], items: [] },
    attempts: executions.map((execution) => ({ execution, startedAt })),
  });
}

function clean() {
  const environment = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: server.url,
  };
  return sweep({
    objects: bucket.objects,
    sagemaker: createJsonService('sagemaker', environment),
    states: createJsonService('states', environment),
    deployment: 'lea-dev',
    executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:lea-dev-nightly',
    now: new Date('2026-11-23T05:00:00Z'),
  });
}

describe('Function: sweep', () => {
  it('leaves the lock to whoever is forgetting users, and no endpoint: no run is at work', async () => {
    // Arrange
    const now = new Date('2026-11-23T04:59:00Z');
    const holder = { run: 'forget-x', execution: 'forget-x', isDeletion: true };
    await takeLock(bucket.objects, { ...holder, now, maximumHours: 6 });
    host('lea-dev--a-1-0-environment');
    // Act
    const swept = await clean();
    // Assess
    expect(swept.releasedRun).toBeNull();
    expect(swept.removed).toStrictEqual(['lea-dev--a-1-0-environment']);
    expect(await lockHolder(bucket.objects)).toMatchObject(holder);
  });

  it('leaves the endpoint of the attempt that is at work', async () => {
    // Arrange
    await begin('a', ['e1', 'e2']);
    hosting.executions.set('e2', 'RUNNING');
    host('lea-dev--a-1-0-environment', 'lea-dev--a-2-0-environment');
    // Act
    const swept = await clean();
    // Assess
    expect(swept).toStrictEqual({
      removed: ['lea-dev--a-1-0-environment'],
      left: [],
      expired: [],
      oldestHours: 2,
      releasedRun: null,
    });
    expect([...hosting.Endpoint.keys()]).toStrictEqual(['lea-dev--a-2-0-environment']);
    expect((await lockHolder(bucket.objects))?.execution).toBe('e2');
  });

  it.each(['ABORTED', 'TIMED_OUT', 'FAILED', undefined])(
    'cleans up after an execution that is %s, and releases its lock',
    async (status) => {
      // Arrange
      await begin('a', ['e1']);
      if (status !== undefined) hosting.executions.set('e1', status);
      host('lea-dev--a-1-0-environment');
      // Act
      const swept = await clean();
      // Assess
      expect(swept.removed).toStrictEqual(['lea-dev--a-1-0-environment']);
      expect(swept.releasedRun).toBe('a');
      expect(hosting.Endpoint.size).toBe(0);
      expect(await lockHolder(bucket.objects)).toBeUndefined();
      const recorded = await bucket.objects.getJson(runs.status('a'), runStatus);
      expect(recorded.status).toBe('failed');
      expect(recorded.endedAt).toBe('2026-11-23T05:00:00.000Z');
    },
  );

  it('removes everything of a run that nobody holds the lock for, page after page', async () => {
    // Arrange
    for (let run = 1; run <= 5; run++) host(`lea-dev--b${run}-1-0-environment`);
    // Act
    const swept = await clean();
    // Assess
    expect(swept.removed).toHaveLength(5);
    expect(hosting.Endpoint.size).toBe(0);
  });

  it('touches nothing of others', async () => {
    // Arrange
    const others = [
      'other-lea-dev--a-1-0-environment',
      'lea-dev-2--a-1-0-environment',
      'lea-dev--a-1-scratch',
      'lea-prod--a-1-0-environment',
    ];
    host(...others);
    // Act
    const swept = await clean();
    // Assess
    expect(swept.removed).toStrictEqual([]);
    expect([...hosting.Endpoint.keys()]).toStrictEqual(others);
  });

  it('keeps the model and the configuration of an environment that a run may use again', async () => {
    // Arrange
    await serve('v1', { registered: true });
    // Act
    const swept = await clean();
    // Assess
    expect(swept.expired).toStrictEqual([]);
    expect([...hosting.Model.keys(), ...hosting.EndpointConfig.keys()]).toStrictEqual([
      model,
      config,
    ]);
  });

  it('removes the model of an environment that has expired, and its configuration', async () => {
    // Arrange
    await serve('v1', { registered: false });
    // Act
    const swept = await clean();
    // Assess
    expect(swept.expired).toStrictEqual([model, config]);
    expect(hosting.Model.size + hosting.EndpointConfig.size).toBe(0);
  });

  it('removes a configuration whose model somebody has deleted', async () => {
    // Arrange
    await serve('v1', { registered: true });
    hosting.Model.delete(model);
    // Act
    const swept = await clean();
    // Assess
    expect(swept.expired).toStrictEqual([config]);
  });

  it('removes neither while there is an endpoint that may be made of them', async () => {
    // Arrange
    await serve('v1', { registered: false });
    await begin('a', ['e1']);
    hosting.executions.set('e1', 'RUNNING');
    host('lea-dev--a-1-0-environment');
    // Act
    const swept = await clean();
    // Assess
    expect(swept.expired).toStrictEqual([]);
    expect(hosting.Model.size).toBe(1);
  });

  it('keeps models of others, wherever their files are', async () => {
    // Arrange
    const theirs = {
      'other-lea-dev--environment-0123456789abcdef': 's3://theirs/environments/v1/',
      'lea-dev-environment--environment-0123456789abcdef': `s3://${bucket.objects.bucket}/environments/v1/`,
      'lea-dev--environment-scratch': `s3://${bucket.objects.bucket}/environments/v1/`,
      [model]: 's3://theirs/environments/v1/',
    };
    for (const [name, files] of Object.entries(theirs)) hosting.Model.set(name, files);
    // Act
    const swept = await clean();
    // Assess
    expect(swept.expired).toStrictEqual([]);
    expect([...hosting.Model.keys()]).toStrictEqual(Object.keys(theirs));
  });

  it('reports an endpoint that cannot be deleted yet, and deletes it the next time', async () => {
    // Arrange
    host('lea-dev--a-1-0-environment');
    hosting.creating.add('lea-dev--a-1-0-environment');
    // Act
    const first = await clean();
    hosting.creating.clear();
    const second = await clean();
    // Assess
    expect(first).toMatchObject({
      removed: [],
      left: ['lea-dev--a-1-0-environment'],
      oldestHours: 2,
    });
    expect(second).toMatchObject({
      removed: ['lea-dev--a-1-0-environment'],
      left: [],
      oldestHours: 0,
    });
  });
});
