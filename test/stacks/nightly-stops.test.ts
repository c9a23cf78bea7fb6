import { describe, expect, it } from 'vitest';
import { locks } from '#lib/contracts/keys.ts';
import { lockHolder } from '#lib/contracts/lock.ts';
import { TaskError } from '#local/state-machine/errors.ts';
import {
  clean,
  costOf,
  expectNothingLeft,
  failIn,
  hangIn,
  objects,
  run,
  statusOf,
  worldOf,
} from './nightly-setup.ts';
import { environmentVersion, type Fault } from './nightly-world.ts';

describe('The nightly definition, stopped and swept', () => {
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
    const world = worldOf();
    const { promise: outOfTime, resolve } = Promise.withResolvers<void>();
    // Act
    const fault = hangIn('AugmentShards', resolve);
    const result = await world.run('e1', { run }, { fault, outOfTime });
    const before = world.endpoints.size;
    await clean(world);
    // Assess
    expect(result.status).toBe('TIMED_OUT');
    expect(before).toBe(1);
    await expectNothingLeft(world);
  });
});
