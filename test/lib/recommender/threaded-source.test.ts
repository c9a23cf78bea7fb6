import { describe, expect, it } from 'vitest';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import { createBatchSource } from '#lib/recommender/data/batch-source.ts';
import { createThreadedSource } from '#lib/recommender/data/threaded-source.ts';
import { describeNetwork } from '#lib/recommender/network.ts';
import { makeWorld, resolve, small } from './fixtures.ts';

async function optionsOf(settings: Readonly<Record<string, unknown>>) {
  const model = resolve({ ...small, objective: 'snqn', lea: {}, ...settings });
  const world = await makeWorld(model);
  const network = describeNetwork(model, world.items, world.window, 3);
  const layout = batchLayout(model, network);
  return { rows: world.rows, layout };
}

describe('Function: createThreadedSource', () => {
  it.each([
    ['lines', { loss: 'sampled-softmax', sampledItems: 5 }],
    ['prefixes', { preset: 'paper' }],
  ])('gives the batches of the direct source, over the ends of epochs too: %s', async (_, own) => {
    // Arrange
    const options = await optionsOf(own);
    const direct = createBatchSource(options);
    const threaded = createThreadedSource(options);

    // Act and assess
    for (const epoch of [1, 2]) {
      const steps = await threaded.steps(epoch);
      expect(steps).toBe(direct.steps(epoch));
      for (let index = 0; index < steps; index++) {
        expect(await threaded.assemble(epoch, index)).toEqual(direct.assemble(epoch, index));
      }
    }
    await threaded.close();
  });

  it('throws what fails on its thread', async () => {
    // Arrange
    const options = await optionsOf({});
    const broken = { ...options, layout: { ...options.layout, time: 1 } };
    const threaded = createThreadedSource(broken);

    // Act
    const steps = threaded.steps(1);

    // Assess
    await expect(steps).rejects.toThrow(/takes \d+ places, a line has 1/);
    await expect(threaded.assemble(1, 0)).rejects.toThrow('a line has 1');
    await threaded.close();
  });
});
