import { describe, expect, it } from 'vitest';
import { interactions, runs } from '#lib/contracts/keys.ts';
import { runManifest } from '#lib/contracts/run.ts';
import { TaskError } from '#local/state-machine/errors.ts';
import {
  clean,
  everyState,
  expectNothingLeft,
  failIn,
  objects,
  run,
  statusOf,
  worldOf,
} from './nightly-setup.ts';
import type { Fault } from './nightly-world.ts';

const tasks = everyState.filter(([, state]) => state.Type === 'Task').map(([name]) => name);
/** Whose failure does not fail the run. */
const tolerated = 'StopEnvironment';
/** Then the winner is served as it was judged. */
const refit = ['PlanRefit', 'RefitWinnerJob', 'RegisterRefit'];
const announcements = ['AnnounceSuccess', 'AnnounceFailure'];
const fatal = tasks.filter(
  (name) => ![tolerated, ...refit, ...announcements, 'BeginRun', 'FailRun'].includes(name),
);

describe('The nightly definition, failing', () => {
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
});
