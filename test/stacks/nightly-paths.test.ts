import { describe, expect, it } from 'vitest';
import { locks } from '#lib/contracts/keys.ts';
import { lockHolder } from '#lib/contracts/lock.ts';
import { TaskError } from '#local/state-machine/errors.ts';
import {
  everyState,
  expectNothingLeft,
  failIn,
  objects,
  run,
  statusOf,
  worldOf,
} from './nightly-setup.ts';
import type { Fault, NightlyWorld } from './nightly-world.ts';

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
