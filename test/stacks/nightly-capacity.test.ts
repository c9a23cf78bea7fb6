import { describe, expect, it } from 'vitest';
import { TaskError } from '#local/state-machine/errors.ts';
import { expectNothingLeft, instances, run, worldOf } from './nightly-setup.ts';
import type { Fault } from './nightly-world.ts';

describe('The nightly definition, where there is no instance', () => {
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
});
