import { describe, expect, it } from 'vitest';
import { runs } from '#lib/contracts/keys.ts';
import { TaskError } from '#local/state-machine/errors.ts';
import { costOf, objects, run, trainingUsd, worldOf } from './nightly-setup.ts';
import type { Fault } from './nightly-world.ts';

describe('The nightly definition, what it costs', () => {
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

  it('costs what all instances of an endpoint cost that answer side by side', async () => {
    // Arrange
    const world = worldOf({ trainerInstanceTypes: ['ml.c6i.2xlarge'] });
    world.askingInstances = 3;
    const ask = { part: 'Ask the environment', kind: 'ask', instances: 3 };
    await objects.putJson(runs.cost(run), { parts: [{ part: 'Functions' }, ask] });
    const fault: Fault = (stateName, call) => {
      if (stateName === 'AugmentShards' && call === 1) world.now += 3600;
    };
    // Act
    const result = await world.run('e1', { run }, { fault });
    // Assess
    expect(result.status).toBe('SUCCEEDED');
    expect(world.askedOf).toStrictEqual([3]);
    expect(await costOf(world, 'e1')).toBeCloseTo(0.1 + 3 + trainingUsd, 9);
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
});
