import { describe, expect, it } from 'vitest';
import { trainModel } from '#lib/recommender/trainer.ts';
import { makeWorld, resolve, small } from './fixtures.ts';

/** Weights after two epochs. */
async function weightsOf(lea: object | undefined, objective: string) {
  const settings = {
    ...small,
    objective,
    maximumEpochs: 2,
    negativeReward: 0.25,
    ...(lea && { lea }),
  };
  const model = resolve(settings);
  const world = await makeWorld(model, { users: 20 });
  const environment = world.rows.environment;
  // Nothing is kept: no candidate has a greater chance than the most popular item.
  environment?.actions.fill(0);
  environment?.actionRewards.fill(0);
  environment?.actionWeights.fill(0);
  const trained = await trainModel({
    model,
    rows: world.rows,
    window: world.window,
    excludeHistory: false,
    baskets: false,
    validation: world.validation,
  });
  return trained.weights;
}

describe('LEA that has nothing to say', () => {
  it.each(['supervised', 'sqn', 'snqn', 'sa2c'])(
    'is %s, bit for bit: lambda 0, no action kept, no state',
    async (objective) => {
      // Act
      const without = await weightsOf(undefined, objective);
      const silent = await weightsOf({ state: 'off', rewardWeight: 0 }, objective);

      // Assess
      expect([...silent.keys()]).toEqual([...without.keys()]);
      for (const [name, { values }] of without) expect(silent.get(name)!.values).toEqual(values);
    },
  );

  it('differs as soon as it says something', async () => {
    // Act
    const without = await weightsOf(undefined, 'snqn');
    const heard = await weightsOf({ state: 'off', rewardWeight: 0.5 }, 'snqn');

    // Assess
    expect(
      [...without].some(
        ([name, { values }]) =>
          !Object.is(values, heard.get(name)!.values) &&
          values.some((value, at) => value !== heard.get(name)!.values[at]),
      ),
    ).toBe(true);
  });
});
