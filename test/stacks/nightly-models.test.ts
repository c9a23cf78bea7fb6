import { describe, expect, it } from 'vitest';
import { environments } from '#lib/contracts/keys.ts';
import {
  clean,
  expectNothingLeft,
  failIn,
  instances,
  objects,
  run,
  worldOf,
} from './nightly-setup.ts';
import { environmentVersion, type NightlyWorld } from './nightly-world.ts';

const namesIn = (world: NightlyWorld) => ({
  models: [...world.models.keys()],
  configs: [...world.endpointConfigs.keys()],
});

describe('The nightly definition, its models and endpoint configurations', () => {
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
});
