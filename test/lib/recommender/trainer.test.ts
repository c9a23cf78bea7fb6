import { describe, expect, it, vi } from 'vitest';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { CheckpointState } from '#lib/recommender/checkpoint.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import type { TrainingHooks } from '#lib/recommender/training-task.ts';
import { makeWorld, resolve, small, type World } from './fixtures.ts';

function train(
  model: ResolvedModel,
  world: World,
  { runEagerly = false, ...hooks }: TrainingHooks & { runEagerly?: boolean } = {},
) {
  return trainModel({ ...world, model, excludeHistory: false, baskets: false, runEagerly }, hooks);
}

describe('Function: trainModel', () => {
  it.each([
    ['sasrec', 'supervised'],
    ['gru4rec', 'sa2c'],
  ])('learns a rule that popularity cannot know: %s %s', async (backbone, objective) => {
    // Arrange
    const model = resolve({ ...small, backbone, objective, dimension: 16, maximumEpochs: 25 });
    const world = await makeWorld(model, { users: 120, surprise: 0.1 });
    const popular = world.rows.counts.map(
      (count) => world.rows.counts.filter((other) => other > count).length + 1,
    );

    // Act
    const trained = await train(model, world);

    // Assess
    const { ndcg } = metricsAt(trained.rank(world.test), 10);
    const baseline = metricsAt(
      world.test.targets.map((target) => popular[target - 1]!),
      10,
    ).ndcg;
    expect(ndcg).toBeGreaterThan(2 * baseline);
    trained.dispose();
  });

  it('gives the same model twice, and another with another seed', async () => {
    // Arrange
    const settings = { ...small, objective: 'snqn', lea: {}, maximumEpochs: 3 };
    const world = await makeWorld(resolve(settings));
    const weightsOf = async (seed: number) => {
      const trained = await train(resolve({ ...settings, seed }), world, { runEagerly: seed > 1 });
      trained.dispose();
      return trained.weights;
    };

    // Act
    const [first, second, other] = [await weightsOf(1), await weightsOf(1), await weightsOf(2)];

    // Assess
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it.each([
    ['compiled', false, { objective: 'snqn', lea: {} }],
    ['paper, eager', true, { preset: 'paper', objective: 'sa2c', lea: {}, warmUpSteps: 4 }],
  ])('goes on after kills exactly as if there had been none (%s)', async (_, runEagerly, own) => {
    // Arrange
    const model = resolve({ ...small, ...own, maximumEpochs: 2 });
    const world = await makeWorld(model);
    const whole = await train(model, world, { runEagerly });

    // Act: every run is stopped, in an epoch or at its end, and goes on from its last checkpoint
    let state: CheckpointState | undefined;
    let runs = 0;
    let resumed: Awaited<ReturnType<typeof train>> | undefined;
    do {
      let asked = 0;
      resumed?.dispose();
      resumed = await train(model, world, {
        runEagerly,
        resumeFrom: state,
        shouldStop: () => asked++ >= 5 + 3 * runs,
        saveCheckpoint: (saved) => {
          const { specs, read } = saved.variables!;
          const values = new Map(Object.keys(specs).map((name) => [name, read(name)]));
          state = { ...saved, variables: { specs, read: (name) => values.get(name)! } };
        },
      });
      runs++;
    } while (resumed.wasStopped && runs < 100);

    // Assess
    expect(runs).toBeGreaterThan(2);
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.curve).toEqual(whole.curve);
    expect(resumed.rank(world.test)).toEqual(whole.rank(world.test));
    whole.dispose();
    resumed.dispose();
  });

  it('has saved what it reached when it ends, so that whoever is stopped after that trains no step again', async () => {
    // Arrange
    const model = resolve({ ...small, maximumEpochs: 2 });
    const world = await makeWorld(model);
    const saved: CheckpointState[] = [];
    const runEagerly = true;
    const first = await train(model, world, {
      runEagerly,
      saveCheckpoint: (state) => {
        const { specs, read } = state.variables!;
        const values = new Map(Object.keys(specs).map((name) => [name, read(name)]));
        saved.push({ ...state, variables: { specs, read: (name) => values.get(name)! } });
      },
    });
    const progressed = vi.fn();
    const again = vi.fn();

    // Act
    const second = await train(model, world, {
      runEagerly,
      resumeFrom: saved.at(-1),
      saveCheckpoint: again,
      onProgress: progressed,
    });

    // Assess
    expect(saved.at(-1)!.step).toBe(first.steps);
    expect(second.weights).toEqual(first.weights);
    expect([progressed, again].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
    first.dispose();
    second.dispose();
  });

  it('is cross-entropy alone when reinforcement weighs nothing', async () => {
    // Arrange: the same initial weights and batches; a window that no history exceeds, so that lines are packed alike
    const settings = { ...small, dropout: 0, maximumEpochs: 2 };
    const world = await makeWorld(resolve(settings), { window: 12 });

    // Act
    const runEagerly = true;
    const plain = await train(resolve(settings), world, { runEagerly });
    const weightless = await train(
      resolve({ ...settings, objective: 'auxiliary', reinforcementWeight: 0 }),
      world,
      { runEagerly },
    );

    // Assess
    for (const [name, { values }] of plain.weights) {
      const other = weightless.weights.get(name)!.values;
      values.forEach((value, at) => {
        expect(other[at]!, name).toBeCloseTo(value, 5);
      });
    }
    plain.dispose();
    weightless.dispose();
  });

  it('stops when validation no longer improves and keeps the best epoch', async () => {
    // Arrange: next to nothing to learn from, so that it soon gets worse
    const model = resolve({ ...small, dimension: 32, dropout: 0, patience: 2, maximumEpochs: 40 });
    const world = await makeWorld(model, { users: 20, surprise: 0.9 });

    // Act
    const trained = await train(model, world);

    // Assess
    const curve = trained.curve.map((epoch) => epoch['validation_ndcg@10']);
    expect(curve.length).toBe(trained.bestEpoch + 2);
    expect(curve.length).toBeLessThan(40);
    expect(Math.max(...curve)).toBe(curve[trained.bestEpoch - 1]);
    expect(metricsAt(trained.rank(world.validation), 10).ndcg).toBeCloseTo(Math.max(...curve), 12);
    trained.dispose();
  });

  it('stops with the step and the tensor when numbers are no longer finite', async () => {
    // Arrange
    const model = resolve({ ...small, objective: 'snqn', learningRate: 1e30, maximumEpochs: 5 });
    const world = await makeWorld(model);

    // Act
    const training = train(model, world, { runEagerly: true });

    // Assess
    await expect(training).rejects.toMatchObject({
      name: 'TrainingDiverged',
      message: expect.stringMatching(/diverged at step \d+.*tensor "main\//s),
    });
  });

  it('tells how far it is', async () => {
    // Arrange
    const model = resolve({ ...small, maximumEpochs: 3, patience: 9 });
    const world = await makeWorld(model);
    const told: number[] = [];
    const judged: (number | undefined)[] = [];

    // Act
    const trained = await train(model, world, {
      runEagerly: true,
      onProgress: ({ progress, loss, validationNdcg }) => {
        told.push(progress);
        expect(loss).toBeGreaterThan(0);
        judged.push(validationNdcg);
      },
    });

    // Assess: a slow machine hears more, between the ends of the epochs and right before the first was judged
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told).toEqual(expect.arrayContaining([1 / 3, 2 / 3, 1]));
    expect(told.at(-1)).toBe(1);
    const known = judged.filter((ndcg) => ndcg !== undefined);
    expect(judged.slice(-known.length)).toEqual(known);
    expect(known.length).toBeGreaterThanOrEqual(3);
    for (const ndcg of known) expect(ndcg).toBeGreaterThanOrEqual(0);
    trained.dispose();
  });
});
