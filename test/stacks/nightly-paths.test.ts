import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFacts } from '#functions/publish-run-status/facts.ts';
import { sweep } from '#functions/remove-idle-endpoints/sweep.ts';
import { type PipelineConfig, parseConfig } from '#lib/contracts/config.ts';
import { environments, interactions, locks, runs, uploads } from '#lib/contracts/keys.ts';
import { lockHolder } from '#lib/contracts/lock.ts';
import { runManifest, runStatus } from '#lib/contracts/run.ts';
import { priceList } from '#lib/cost/prices.ts';
import { startObjectStore } from '#local/object-store/server.ts';
import { TaskError } from '#local/state-machine/errors.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import prices from '../../config/prices.json' with { type: 'json' };
import { temporaryFolder } from '../temporary/folders.ts';
import { allStates, type State } from './definition.ts';
import { definitionFor, environmentVersion, type Fault, NightlyWorld } from './nightly-world.ts';

const dir = temporaryFolder('nightly');
const context = { functionName: 'f', awsRequestId: 'r', getRemainingTimeInMillis: () => 60_000 };
const models = [{ name: 'first', backbone: 'sasrec', objective: 'snqn', lea: {} }];
const instances = { environmentInstanceTypes: ['ml.g5.xlarge', 'ml.g5.2xlarge'] };
const configOf = (operations: object): PipelineConfig =>
  parseConfig({ training: { models }, operations: { ...instances, ...operations } }, 'test');

let store: Awaited<ReturnType<typeof startObjectStore>>;
let s3: S3Client;
let objects: Objects;
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

let run = '';
let number = 0;
beforeEach(async () => {
  run = `run-${++number}`;
  await objects.remove([locks.run]);
  await objects.putBytes(interactions.part('2026-11-23', 'u', 0), 'x');
  await objects.putJson(uploads.report('u'), { status: 'succeeded' });
});

const worldOf = (operations: object = {}) =>
  new NightlyWorld({ s3, objects, config: configOf(operations), steps });

/** Fails in one state, every time. */
const failIn =
  (name: string, error = 'Injected'): Fault =>
  (stateName) => {
    if (stateName === name) throw new TaskError(error, 'a fault that was injected');
  };

/** Never ends in one state, until it is stopped. */
const hangIn =
  (name: string, reached: () => void): Fault =>
  (stateName, _, signal) => {
    if (stateName !== name) return;
    reached();
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  };

const statusOf = () => objects.getJson(runs.status(run), runStatus);
const clean = (world: NightlyWorld) =>
  sweep({
    objects,
    sagemaker: world.service(),
    states: world.service(),
    deployment: 'lea-dev',
    executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:lea-dev-nightly',
    now: new Date(),
  });

/** What `publish-run-status` says that the execution cost. */
async function costOf(world: NightlyWorld, execution: string): Promise<number | null> {
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
const trainingUsd = 30;

/** Nothing costs money, nothing is locked. */
async function expectNothingLeft(world: NightlyWorld): Promise<void> {
  expect([...world.endpoints.keys()]).toStrictEqual([]);
  expect(await lockHolder(objects)).toBeUndefined();
}

const namesIn = (world: NightlyWorld) => ({
  models: [...world.models.keys()],
  configs: [...world.endpointConfigs.keys()],
});

const definition = definitionFor(configOf({})) as { States: Record<string, State> };
const everyState = allStates(definition.States);
const tasks = everyState.filter(([, state]) => state.Type === 'Task').map(([name]) => name);
/** Whose failure does not fail the run. */
const tolerated = 'StopEnvironment';
/** Then the winner is served as it was judged. */
const refit = ['PlanRefit', 'RefitWinnerJob', 'RegisterRefit'];
const announcements = ['AnnounceSuccess', 'AnnounceFailure'];
const fatal = tasks.filter(
  (name) => ![tolerated, ...refit, ...announcements, 'BeginRun', 'FailRun'].includes(name),
);

describe('The nightly definition, path by path', () => {
  it('succeeds, removes its endpoint, and releases the lock', async () => {
    // Arrange
    const world = worldOf();
    // Act
    const result = await world.run('e1', { run });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    await expectNothingLeft(world);
    expect(await statusOf()).toMatchObject({ status: 'succeeded' });
    expect(world.jobs.map((job) => job.name)).toHaveLength(4);
    expect(world.promotions).toStrictEqual([{ run, refitFailure: null }]);
    expect(world.paid.map(({ kind, instanceType }) => [kind, instanceType])).toStrictEqual([
      ['environment', 'ml.g5.xlarge'],
      ['endpoint', 'ml.g5.xlarge'],
      ['recommender', 'ml.c6i.2xlarge'],
      ['recommender', 'ml.c6i.2xlarge'],
      ['refit', 'ml.c6i.2xlarge'],
    ]);
    for (const { kind, seconds } of world.paid) {
      if (kind === 'endpoint') expect(seconds).toBeGreaterThan(0);
      else expect(seconds).toBe(world.billedSeconds);
    }
    expect(world.announced).toStrictEqual([`Run ${run} finished`]);
  });

  it('does nothing when the run has succeeded before', async () => {
    // Arrange
    const world = worldOf();
    await world.run('e1', { run });
    // Act
    const again = await world.run('e2', { run });
    // Assess
    expect(again).toMatchObject({ status: 'SUCCEEDED', output: { finishedBefore: true } });
    expect(world.jobs).toHaveLength(4);
  });

  it('ends at once when nothing is new, and gives the lock back', async () => {
    // Arrange
    const world = worldOf();
    await world.run('e1', { run });
    // Act
    const again = await world.run('e2', { scheduledTime: '2026-11-25T02:00:00Z' });
    // Assess
    expect(again).toMatchObject({ status: 'SUCCEEDED', output: { unchangedSince: run } });
    expect(world.jobs).toHaveLength(4);
    await expectNothingLeft(world);
  });

  it('lets one execution in at a time', async () => {
    // Arrange
    const world = worldOf();
    await objects.putJson(locks.run, {
      run: 'another',
      execution: 'e0',
      takenAt: new Date().toISOString(),
    });
    // Act
    const result = await world.run('e1', { run });
    // Assess
    expect(result).toMatchObject({ status: 'FAILED', error: 'ConflictError' });
    expect((await lockHolder(objects))?.execution).toBe('e0');
    expect(world.announced[0]).toMatch(/failed: ConflictError/);
  });

  it('leaves the lock, the status and the endpoint of an execution that took a run over', async () => {
    // Arrange: e1 hangs, is counted as dead, and wakes up to fail when e2 is at work on the same run.
    const world = worldOf();
    const takenAt = new Date().toISOString();
    const fault: Fault = async (stateName) => {
      if (stateName !== 'EvaluateModels') return;
      await objects.putJson(locks.run, { run, execution: 'e2', takenAt });
      throw new TaskError('Injected', 'a fault that was injected');
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result).toMatchObject({ status: 'FAILED', error: 'Injected' });
    expect((await lockHolder(objects))?.execution).toBe('e2');
    expect(await statusOf()).toMatchObject({ status: 'running' });
  });

  it('lets nobody resume a run that is at work', async () => {
    // Arrange
    const world = worldOf();
    let second: Awaited<ReturnType<NightlyWorld['run']>> | undefined;
    const fault: Fault = async (stateName) => {
      if (stateName === 'EvaluateModels') second ??= await world.run('e2', { run, resume: true });
    };
    // Act
    const first = await world.run('e1', { run }, { fault });
    const third = await world.run('e3', { run: `${run}-other` });
    // Assess
    expect(second).toMatchObject({ status: 'FAILED', error: 'ConflictError' });
    expect(first.status).toBe('SUCCEEDED');
    expect(third.status).toBe('SUCCEEDED');
    await expectNothingLeft(world);
  });

  it.each(fatal)(
    'a failure of %s stops the endpoint, releases the lock, is recorded, and a second try succeeds',
    async (name) => {
      // Arrange
      const world = worldOf();
      world.vectorsNeeded = true;
      world.buckets = 3;
      // Act
      const failed = await world.run('e1', { run }, { fault: failIn(name) });
      // Assess
      expect(failed.status).toBe('FAILED');
      await expectNothingLeft(world);
      const status = await statusOf();
      expect(status.status).toBe('failed');
      expect(JSON.stringify(status.failure)).toMatch(/Injected|ExceedToleratedFailure/);
      expect(world.announced).toHaveLength(1);
      // Act
      const second = await world.run('e2', { run });
      // Assess
      expect(second.status).toBe('SUCCEEDED');
      await expectNothingLeft(world);
      expect([world.models.size, world.endpointConfigs.size]).toStrictEqual([1, 1]);
      expect(await statusOf()).toMatchObject({ status: 'succeeded' });
      const { attempts } = await objects.getJson(runs.manifest(run), runManifest);
      expect(attempts.map((attempt) => attempt.execution)).toStrictEqual(['e1', 'e2']);
    },
  );

  it.each(refit)(
    'a failure of %s serves the winner as it was judged, and says why',
    async (name) => {
      // Arrange
      const world = worldOf();
      // Act
      const result = await world.run('e1', { run }, { fault: failIn(name) });
      // Assess
      expect(result.status).toBe('SUCCEEDED');
      await expectNothingLeft(world);
      expect(world.promotions).toStrictEqual([
        { run, refitFailure: expect.stringMatching(/fault/) },
      ]);
    },
  );

  it('refits on the next instance type when there is no capacity, and without any serves what was judged', async () => {
    // Arrange
    const none = new TaskError(
      'States.TaskFailed',
      '{"FailureReason": "CapacityError: none left"}',
    );
    const upTo =
      (calls: number): Fault =>
      (stateName, call) => {
        if (stateName === 'RefitWinnerJob' && call <= calls) throw none;
      };
    const trainerInstanceTypes = ['ml.c6i.2xlarge', 'ml.c5.2xlarge'];
    const world = worldOf({ trainerInstanceTypes });
    // Act
    const first = await world.run('e1', { run }, { fault: upTo(1) });
    const second = await world.run('e2', { run: `${run}-b` }, { fault: upTo(2) });
    // Assess
    expect([first.status, second.status]).toStrictEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(world.jobs.find(({ name }) => name.endsWith('-refit-1'))).toMatchObject({
      instanceType: 'ml.c5.2xlarge',
    });
    expect(world.promotions.map(({ refitFailure }) => refitFailure)).toStrictEqual([
      null,
      expect.stringContaining('CapacityError'),
    ]);
  });

  it('leaves no lock behind when a run cannot even begin', async () => {
    // Arrange
    const world = worldOf();
    await objects.remove([interactions.part('2026-11-23', 'u', 0)]);
    // Act
    const result = await world.run('e1', { run });
    // Assess
    expect(result).toMatchObject({ status: 'FAILED', error: 'MissingArtefactError' });
    await expectNothingLeft(world);
  });

  it('says why an endpoint did not come up', async () => {
    // Arrange
    const world = worldOf();
    world.endpoint = { status: 'Failed', reason: 'the container did not answer' };
    // Act
    const result = await world.run('e1', { run });
    // Assess
    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'EnvironmentNotInService',
      cause: expect.stringMatching(/ended as Failed: the container did not answer/),
    });
    expect(world.tried).toStrictEqual(['ml.g5.xlarge']);
    await expectNothingLeft(world);
  });

  it('tries the next instance type when there is none for the endpoint', async () => {
    // Arrange
    const world = worldOf();
    world.scarce.set('ml.g5.xlarge', 'Unable to provision: InsufficientInstanceCapacity');
    // Act
    const result = await world.run('e1', { run });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    expect(world.tried).toStrictEqual(['ml.g5.xlarge', 'ml.g5.2xlarge']);
    await expectNothingLeft(world);
  });

  it('waits for an endpoint quota that is used up, then tries the next instance type', async () => {
    // Arrange
    const world = worldOf();
    let refusals = 0;
    const fault: Fault = (stateName) => {
      if (stateName !== 'CreateEndpoint' || world.endpointConfigs.size > 1) return;
      refusals++;
      throw new TaskError('SageMaker.ResourceLimitExceededException', 'limit of 0 instances');
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    expect(refusals).toBeGreaterThan(3);
    expect(world.tried).toStrictEqual(['ml.g5.2xlarge']);
    await expectNothingLeft(world);
  });

  it('fails, and leaves nothing, when no instance type is available', async () => {
    // Arrange
    const world = worldOf();
    for (const type of instances.environmentInstanceTypes) world.scarce.set(type, 'No capacity.');
    // Act
    const result = await world.run('e1', { run });
    // Assess
    expect(result).toMatchObject({ status: 'FAILED', cause: expect.stringMatching(/No capacity/) });
    expect(world.tried).toStrictEqual(instances.environmentInstanceTypes);
    await expectNothingLeft(world);
  });

  it('goes on when the endpoint cannot be stopped; the janitor removes it', async () => {
    // Arrange
    const world = worldOf();
    // Act
    const result = await world.run('e1', { run }, { fault: failIn(tolerated) });
    const left = world.endpoints.size;
    await clean(world);
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    expect(left).toBe(1);
    await expectNothingLeft(world);
  });

  it.each(announcements)('ends as it would have when %s fails', async (name) => {
    // Arrange
    const world = worldOf();
    const fault: Fault = (...call) => {
      failIn(name)(...call);
      if (name === 'AnnounceFailure') failIn('EvaluateModels')(...call);
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result.status).toBe(name === 'AnnounceSuccess' ? 'SUCCEEDED' : 'FAILED');
    await expectNothingLeft(world);
  });

  it('is cleaned up by the janitor when not even the failure could be recorded', async () => {
    // Arrange
    const world = worldOf();
    const fault: Fault = (...call) => {
      failIn('AugmentSequences')(...call);
      failIn('EvaluateModels')(...call);
      failIn('FailRun')(...call);
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    const swept = await clean(world);
    // Assess
    expect(result).toMatchObject({ status: 'FAILED', error: 'Injected' });
    expect(swept.releasedRun).toBe(run);
    await expectNothingLeft(world);
    expect(await statusOf()).toMatchObject({ status: 'failed' });
  });

  it.each(['BuildSequences', 'CreateEndpoint', 'AugmentShards', 'TrainRecommenderJob'])(
    'stopped by hand in %s, it leaves to the janitor what the janitor removes',
    async (name) => {
      // Arrange
      const world = worldOf();
      const stop = new AbortController();
      const fault = hangIn(name, () => stop.abort(new Error('by hand')));
      // Act
      const result = await world.run('e1', { run }, { fault, signal: stop.signal });
      const swept = await clean(world);
      // Assess
      expect(result.status).toBe('ABORTED');
      expect(swept.releasedRun).toBe(run);
      await expectNothingLeft(world);
      expect(await statusOf()).toMatchObject({ status: 'failed' });
      expect((await world.run('e2', { run })).status).toBe('SUCCEEDED');
      await expectNothingLeft(world);
    },
  );

  it.each([
    ['AugmentSequences', 'AugmentShards', {}],
    ['TrainRecommenders', 'TrainRecommenderJob', { environmentRunning: false }],
  ])(
    'stopped in %s, swept, and redriven beside another night, it promotes nobody and leaves nothing',
    async (state, task, changed) => {
      // Arrange
      const world = worldOf();
      const stop = new AbortController();
      const fault = hangIn(task, () => stop.abort(new Error('by hand')));
      await world.run('e1', { run }, { fault, signal: stop.signal });
      world.now += 3600;
      await clean(world);
      const takenAt = new Date().toISOString();
      await objects.putJson(locks.run, { run: 'another', execution: 'e9', takenAt });
      const resource = `lea-dev--${run}-0`;
      const variables = {
        ...{ run, resource, failure: null, environmentInstance: 0, anotherInstance: false },
        ...{ environmentRunning: true, environmentVersion, endpoint: `${resource}-0-environment` },
        ...changed,
      };
      const jobs = ['first', 'second'].map((name) => ({
        name,
        jobName: `${resource}-again-${name}`,
        hyperParameters: { task: 'train' },
        channels: [{ ChannelName: 'sequences' }],
        checkpointUri: 's3://data/x',
      }));
      // Act
      const gone: Fault = (stateName) => {
        if (stateName === 'AugmentShards') throw new TaskError('MissingArtefactError', 'gone');
      };
      const redriven = { state, input: { jobs }, variables };
      const result = await world.run('e1', {}, { fault: gone, redriven });
      // Assess
      expect(result.status).toBe('FAILED');
      expect(world.promotions).toStrictEqual([]);
      expect([...world.endpoints.keys()]).toStrictEqual([]);
      expect((await lockHolder(objects))?.execution).toBe('e9');
      expect(await statusOf()).toMatchObject({ status: 'failed' });
      // Act
      await objects.remove([locks.run]);
      const resumed = await world.run('e2', { run, resume: true });
      // Assess
      expect(resumed.status).toBe('SUCCEEDED');
      await expectNothingLeft(world);
    },
  );

  it('is charged for no endpoint from a stop to a redrive a day later', async () => {
    // Arrange
    const world = worldOf({ trainerInstanceTypes: ['ml.c6i.2xlarge'] });
    const stop = new AbortController();
    const fault = hangIn('AugmentShards', () => {
      // Several shards are asked about at the same time.
      if (!stop.signal.aborted) world.now += 3600;
      stop.abort(new Error('by hand'));
    });
    await world.run('e1', { run }, { fault, signal: stop.signal });
    await clean(world);
    world.now += 24 * 3600;
    const variables = {
      run,
      resource: 'r',
      failure: null,
      endpoint: 'e',
      environmentRunning: true,
    };
    // Act
    const redriven = {
      state: 'StopEnvironment',
      input: {},
      variables: { ...variables, anotherInstance: false },
    };
    await world.run('e1', {}, { fault: failIn('PlanTraining'), redriven });
    // Assess: the fit of six minutes, and an hour of the endpoint.
    expect(await costOf(world, 'e1')).toBeCloseTo(0.1 + 1, 9);
  });

  it('out of time, it leaves to the janitor what the janitor removes', async () => {
    // Arrange
    const world = worldOf({ maximumRunHours: 1 / 3600 });
    // Act
    const result = await world.run('e1', { run }, { fault: hangIn('AugmentShards', () => {}) });
    const before = world.endpoints.size;
    await clean(world);
    // Assess
    expect(result.status).toBe('TIMED_OUT');
    expect(before).toBe(1);
    await expectNothingLeft(world);
  });

  it('tries the next instance type when there is no capacity', async () => {
    // Arrange
    const world = worldOf();
    const fault: Fault = (stateName, call) => {
      if (stateName === 'FitEnvironmentJob' && call === 1) {
        throw new TaskError('States.TaskFailed', '{"FailureReason": "CapacityError: none left"}');
      }
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    const [fit] = world.jobs;
    expect(fit).toMatchObject({
      instanceType: 'ml.g5.2xlarge',
      name: expect.stringMatching(/-1$/),
    });
  });

  it('takes a spot job that was stopped while it waited for an instance for a shortage', async () => {
    // Arrange
    const world = worldOf();
    const stopped = { TrainingJobStatus: 'Stopped', SecondaryStatus: 'MaxWaitTimeExceeded' };
    world.stopped.set('ml.g5.xlarge', stopped);
    // Act
    const result = await world.run('e1', { run });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    expect(world.jobs.slice(0, 2).map((job) => job.instanceType)).toStrictEqual(
      instances.environmentInstanceTypes,
    );
  });

  it('takes any other stopped job for a failure, however the task ended', async () => {
    // Arrange
    const world = worldOf();
    const stopped = { TrainingJobStatus: 'Stopped', SecondaryStatus: 'MaxRuntimeExceeded' };
    world.stopped.set('ml.g5.xlarge', stopped);
    // Act
    const result = await world.run('e1', { run });
    // Assess
    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'TrainingJobStopped',
      cause: 'Fitting the environment failed: MaxRuntimeExceeded',
    });
    expect(world.jobs).toHaveLength(1);
    await expectNothingLeft(world);
  });

  it('makes item vectors before anything that needs a GPU, on the next instance type if it must', async () => {
    // Arrange
    const world = worldOf({ vectorsInstanceTypes: ['ml.c5.2xlarge', 'ml.c6i.2xlarge'] });
    world.vectorsNeeded = true;
    const fault: Fault = (stateName, call) => {
      if (stateName === 'MakeVectorsJob' && call === 1) {
        throw new TaskError('States.TaskFailed', '{"FailureReason": "CapacityError: none left"}');
      }
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    const [first, second] = world.jobs.map(({ name }) => /-[a-z]+-\d+$/.exec(name)![0]);
    expect([first, second]).toStrictEqual(['-vectors-1', '-environment-0']);
    expect(world.jobs[0]!.instanceType).toBe('ml.c6i.2xlarge');
    await expectNothingLeft(world);
  });

  it('says that it was the item vectors that failed', async () => {
    // Arrange
    const world = worldOf();
    world.vectorsNeeded = true;
    const failure = '{"TrainingJobStatus": "Failed", "FailureReason": "the catalogue is empty"}';
    const fault: Fault = (stateName) => {
      if (stateName === 'MakeVectorsJob') throw new TaskError('States.TaskFailed', failure);
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result).toMatchObject({
      status: 'FAILED',
      cause: 'Making item vectors failed: the catalogue is empty',
    });
    expect(world.jobs).toStrictEqual([]);
    await expectNothingLeft(world);
  });

  it('waits out throttled and busy calls', async () => {
    // Arrange
    const world = worldOf();
    const busy: Record<string, string> = {
      CreateEndpoint: 'SageMaker.SageMakerException',
      DescribeEnvironment: 'ThrottlingException',
      AugmentShards: 'UnavailableError',
      BuildSequences: 'Lambda.TooManyRequestsException',
    };
    const fault: Fault = (stateName, call) => {
      const error = busy[stateName];
      if (error !== undefined && call <= 2) throw new TaskError(error, '{"message": null}');
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    await expectNothingLeft(world);
  });

  it('uses the model and the configuration of an earlier run that needed the same', async () => {
    // Arrange
    const world = worldOf();
    await world.run('e1', { run });
    const before = namesIn(world);
    // Act
    const result = await world.run('e2', { run: `${run}-next` });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    expect(world.tried).toHaveLength(2);
    expect(namesIn(world)).toStrictEqual(before);
    for (const name of Object.values(before).flat()) {
      expect(name).toMatch(/^lea-dev--environment-[0-9a-f]{16}$/);
    }
  });

  it.each([
    ['another image', { environmentImage: 'lea-environment:2' }],
    ['another role', { environmentRoleArn: 'arn:aws:iam::123456789012:role/other' }],
    ['other tags', { tags: { deployment: 'lea-dev', team: 'films' } }],
  ])('makes a model and a configuration of its own for %s', async (_, deployed) => {
    // Arrange
    const world = worldOf();
    await world.run('e1', { run });
    // Act
    const result = await world.run('e2', { run: `${run}-next` }, { deployed });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    expect(world.models.size).toBe(2);
    expect(world.endpointConfigs.size).toBe(2);
  });

  it('makes another configuration, of the same model, for another instance type', async () => {
    // Arrange
    const world = worldOf();
    await world.run('e1', { run });
    world.scarce.set('ml.g5.xlarge', 'InsufficientInstanceCapacity');
    // Act
    await world.run('e2', { run: `${run}-next` });
    // Assess
    expect(world.tried).toStrictEqual(['ml.g5.xlarge', 'ml.g5.xlarge', 'ml.g5.2xlarge']);
    expect(world.models.size).toBe(1);
    const [model] = world.models.keys();
    expect([...world.endpointConfigs.values()]).toMatchObject(
      instances.environmentInstanceTypes.map((InstanceType) => ({
        ProductionVariants: [{ ModelName: model, InstanceType }],
      })),
    );
  });

  it.each(['CreateEnvironmentModel', 'CreateEndpointConfiguration'])(
    'fails when SageMaker refuses %s for any other reason than that it exists',
    async (name) => {
      // Arrange
      const world = worldOf();
      // Act
      const fault = failIn(name, 'SageMaker.SageMakerException');
      const result = await world.run('e1', { run }, { fault });
      // Assess
      expect(result).toMatchObject({
        status: 'FAILED',
        error: 'SageMaker.SageMakerException',
        cause: 'a fault that was injected',
      });
      await expectNothingLeft(world);
    },
  );

  it('leaves models and configurations to the janitor, which removes them with their environment', async () => {
    // Arrange
    const world = worldOf();
    world.scarce.set('ml.g5.xlarge', 'InsufficientInstanceCapacity');
    await world.run('e1', { run });
    const { models, configs } = namesIn(world);
    // Act
    const kept = await clean(world);
    await objects.remove([environments.registration(environmentVersion)]);
    const removed = await clean(world);
    // Assess
    expect(kept.expired).toStrictEqual([]);
    expect(removed.expired.sort()).toStrictEqual([...models, ...configs].sort());
    expect(namesIn(world)).toStrictEqual({ models: [], configs: [] });
  });

  it.each([
    ['the first instance type', [], 0.1 + 1],
    ['the second, when there is none of the first', ['ml.g5.xlarge'], 0.1 + 10],
  ])('costs what an endpoint on %s costs', async (_, scarce, environmentUsd) => {
    // Arrange
    const world = worldOf({ trainerInstanceTypes: ['ml.c6i.2xlarge'] });
    for (const type of scarce) world.scarce.set(type, 'InsufficientInstanceCapacity');
    // It takes two hours to find out that there is none, and one to ask the environment.
    const fault: Fault = (stateName, call) => {
      if (stateName === 'DescribeEnvironment' && call <= scarce.length) world.now += 7200;
      if (stateName === 'AugmentShards' && call === 1) world.now += 3600;
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    expect(await costOf(world, 'e1')).toBeCloseTo(environmentUsd + trainingUsd, 9);
  });

  it('costs what the jobs cost on the instance types that they ran on', async () => {
    // Arrange
    const world = worldOf({ trainerInstanceTypes: ['ml.c5.2xlarge', 'ml.c6i.2xlarge'] });
    const fault: Fault = (stateName, call) => {
      const isJob = /^(FitEnvironment|TrainRecommender)Job$/.test(stateName);
      if (isJob && call === 1) throw new TaskError('States.TaskFailed', 'CapacityError');
    };
    // Act
    await world.run('e1', { run }, { fault });
    // Assess: the environment and one recommender on the second type of their lists, the other jobs on the first.
    expect(world.jobs.map((job) => job.instanceType).sort()).toStrictEqual([
      'ml.c5.2xlarge',
      'ml.c5.2xlarge',
      'ml.c6i.2xlarge',
      'ml.g5.2xlarge',
    ]);
    expect(await costOf(world, 'e1')).toBeCloseTo(1 + 10 + 1 + 1, 9);
  });

  it('costs nothing for endpoints that SageMaker refused', async () => {
    // Arrange
    const world = worldOf({ trainerInstanceTypes: ['ml.c6i.2xlarge'] });
    const fault: Fault = (stateName) => {
      if (stateName !== 'CreateEndpoint') return;
      world.now += 600;
      throw new TaskError('SageMaker.ResourceLimitExceededException', 'limit of 0 instances');
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result.status).toBe('FAILED');
    expect(await costOf(world, 'e1')).toBeCloseTo(0.1, 9);
  });

  it('has been in every state by now', async () => {
    // Arrange
    const world = worldOf();
    world.vectorsNeeded = true;
    for (const name of ['MakeVectorsJob', 'FitEnvironmentJob', 'TrainRecommenderJob']) {
      await world.run(`e-${name}`, { run }, { fault: failIn(name) });
    }
    world.endpoint = { status: 'Failed', reason: 'any' };
    await world.run('e-endpoint', { run });
    world.endpoint = { status: 'InService', reason: '' };
    await world.run('e-last', { run });
    await world.run('e-again', { run });
    world.buckets = 3;
    const inBuckets = await world.run('e-buckets', { run: `${run}-c` });
    expect(inBuckets.status).toBe('SUCCEEDED');
    world.buckets = 0;
    await world.run('e-refit', { run: `${run}-b` }, { fault: failIn('RefitWinnerJob') });
    await world.run('e-routine', { scheduledTime: '2026-11-25T02:00:00Z' });
    // Assess
    const missed = everyState.map(([name]) => name).filter((name) => !world.visited.has(name));
    expect(missed).toStrictEqual([]);
  });
});
