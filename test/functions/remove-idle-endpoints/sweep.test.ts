import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '#functions/remove-idle-endpoints/sweep.ts';
import { createJsonService } from '#functions/shared/json-service.ts';
import { locks, runs } from '#lib/pipeline/keys.ts';
import { runStatus } from '#lib/pipeline/run.ts';
import { startBucket } from '../bucket.ts';
import { type Hosting, startSageMaker } from './sagemaker-server.ts';

let bucket: Awaited<ReturnType<typeof startBucket>>;
let server: Awaited<ReturnType<typeof startSageMaker>>;
const hosting: Hosting = {
  Endpoint: new Set(),
  EndpointConfig: new Set(),
  Model: new Set(),
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
  for (const set of Object.values(hosting)) set.clear();
  await bucket.objects.remove([locks.run, runs.status('a'), runs.manifest('a')]);
});

/** Things of one attempt in SageMaker. */
function host(...names: string[]) {
  for (const name of names) {
    hosting.Endpoint.add(name);
    hosting.EndpointConfig.add(name);
    hosting.Model.add(name);
  }
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
    prefix: 'lea-dev',
    executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:lea-dev-nightly',
    now: new Date('2026-11-23T05:00:00Z'),
  });
}

describe('Function: sweep', () => {
  it('leaves the endpoint of the attempt that is at work', async () => {
    // Arrange
    await begin('a', ['e1', 'e2']);
    hosting.executions.set('e2', 'RUNNING');
    host('lea-dev-a-1-0-environment', 'lea-dev-a-2-0-environment');
    // Act
    const swept = await clean();
    // Assess
    expect(swept).toStrictEqual({
      removed: ['lea-dev-a-1-0-environment'],
      left: [],
      oldestHours: 2,
      releasedRun: null,
    });
    expect([...hosting.Endpoint]).toStrictEqual(['lea-dev-a-2-0-environment']);
    expect([...hosting.EndpointConfig]).toStrictEqual(['lea-dev-a-2-0-environment']);
    expect([...hosting.Model]).toStrictEqual(['lea-dev-a-2-0-environment']);
    expect(await bucket.objects.head(locks.run)).toBeDefined();
  });

  it.each(['ABORTED', 'TIMED_OUT', 'FAILED', undefined])(
    'cleans up after an execution that is %s, and releases its lock',
    async (status) => {
      // Arrange
      await begin('a', ['e1']);
      if (status !== undefined) hosting.executions.set('e1', status);
      host('lea-dev-a-1-0-environment');
      // Act
      const swept = await clean();
      // Assess
      expect(swept.removed).toStrictEqual(['lea-dev-a-1-0-environment']);
      expect(swept.releasedRun).toBe('a');
      expect(hosting.Model.size).toBe(0);
      expect(await bucket.objects.head(locks.run)).toBeUndefined();
      const recorded = await bucket.objects.getJson(runs.status('a'), runStatus);
      expect(recorded.status).toBe('failed');
      expect(recorded.endedAt).toBe('2026-11-23T05:00:00.000Z');
    },
  );

  it('removes everything of a run that nobody holds the lock for, page after page', async () => {
    // Arrange
    for (let run = 1; run <= 5; run++) host(`lea-dev-b${run}-1-0-environment`);
    // Act
    const swept = await clean();
    // Assess
    expect(swept.removed).toHaveLength(5);
    expect(hosting.Endpoint.size + hosting.EndpointConfig.size + hosting.Model.size).toBe(0);
  });

  it('touches nothing of others', async () => {
    // Arrange
    const others = [
      'other-lea-dev-a-1-0-environment',
      'lea-dev-a-1-scratch',
      'lea-prod-a-1-0-environment',
    ];
    host(...others);
    // Act
    const swept = await clean();
    // Assess
    expect(swept.removed).toStrictEqual([]);
    expect([...hosting.Endpoint]).toStrictEqual(others);
  });

  it('reports an endpoint that cannot be deleted yet, and deletes it the next time', async () => {
    // Arrange
    host('lea-dev-a-1-0-environment');
    hosting.creating.add('lea-dev-a-1-0-environment');
    // Act
    const first = await clean();
    hosting.creating.clear();
    const second = await clean();
    // Assess
    expect(first).toMatchObject({
      removed: [],
      left: ['lea-dev-a-1-0-environment'],
      oldestHours: 2,
    });
    expect(second).toMatchObject({
      removed: ['lea-dev-a-1-0-environment'],
      left: [],
      oldestHours: 0,
    });
  });
});
