import { afterAll, describe, expect, it } from 'vitest';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { refitModel, refitSettings } from '#lib/recommender/refit.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import type { TrainedModel } from '#lib/recommender/training-task.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { answerTo, resolve, small } from './fixtures.ts';

const built = smallSequences();
const { window, excludeHistory, items } = built.manifest;
const disposables: TrainedModel[] = [];
afterAll(() => {
  for (const model of disposables) model.dispose();
});

async function train(settings: Readonly<Record<string, unknown>>, baskets = false) {
  const model = resolve({ ...small, maximumEpochs: 4, ...settings });
  const parts = built.shards.map((sequences) => ({
    sequences,
    augmented: model.lea === undefined ? undefined : answerTo(sequences, { items }),
  }));
  const rows = await collectRows(parts, model.lea, built.itemTable.counts);
  const { validation } = built;
  const trained = await trainModel({ model, rows, window, excludeHistory, baskets, validation });
  disposables.push(trained);
  const { curve, bestEpoch, steps, parameters } = trained;
  return {
    model,
    baskets,
    trained,
    parameters,
    course: { epochs: curve.length, bestEpoch, steps },
  };
}

async function refitFrom({
  model,
  baskets,
  parameters,
  course,
}: Awaited<ReturnType<typeof train>>) {
  const shards = built.allActions;
  const task = {
    model,
    parameters,
    course,
    shards,
    items,
    window,
    excludeHistory,
    baskets,
    text: undefined,
  };
  const fitted = await refitModel(task);
  disposables.push(fitted);
  return fitted;
}

const reciprocalRanks = (ranks: Int32Array) =>
  ranks.reduce((sum, rank) => sum + (rank === 0 ? 0 : 1 / rank), 0) / ranks.length;

describe('Function: refitModel', () => {
  it.each([
    [{}, false],
    [{ objective: 'snqn' }, false],
    [{ objective: 'sa2c', warmUpEpochs: 1 }, false],
    [{ timeAttention: true }, true],
    // Of these the LE's states are known by another map each.
    [{ objective: 'snqn', lea: {} }, false],
    [{ lea: { stateWeight: 0.1 } }, false],
    [{ objective: 'snqn', lea: { state: 'off', stateWeight: 0.1 } }, false],
  ])('learns from held-out actions: %j (baskets: %s)', async (settings, baskets) => {
    // Arrange
    const before = await train({ ...settings, refitPasses: 20 }, baskets);
    // Act
    const after = await refitFrom(before);
    // Assess
    expect(after.curve).toHaveLength(20);
    expect(after.bestEpoch).toBe(20);
    const [known, learned] = [before.trained, after].map((model) =>
      reciprocalRanks(model.rank(built.test)),
    );
    expect(learned).toBeGreaterThan(known! + 0.05);
  });

  it('begins with the weights that were judged', async () => {
    // Arrange
    const before = await train({});
    const model = { ...before.model, refitPasses: 0 };
    // Act
    const after = await refitFrom({ ...before, model });
    // Assess
    expect(after.weights).toStrictEqual(before.trained.weights);
  });

  it('refuses parameters of another model', async () => {
    // Arrange
    const before = await train({});
    const model = { ...before.model, objective: 'snqn' as const };
    // Assess
    await expect(refitFrom({ ...before, model })).rejects.toThrow(/"q_head\/kernel" is missing/);
  });
});

describe('Function: refitSettings', () => {
  it('takes the passes and the share of the rate, and lets an actor that had begun go on', () => {
    // Arrange
    const model = resolve({ objective: 'sa2c', warmUpEpochs: 2, refitPasses: 3 });
    const slower = { ...model, refitLearningRate: 0.5, actorLearningRate: 0.004 };
    // Act
    const acting = refitSettings(slower, { epochs: 6, bestEpoch: 4, steps: 600 });
    const warmingUp = refitSettings(slower, { epochs: 6, bestEpoch: 2, steps: 600 });
    // Assess
    expect(acting).toMatchObject({
      maximumEpochs: 3,
      learningRate: model.learningRate / 2,
      actorLearningRate: 0.002,
      warmUpSteps: 0,
    });
    expect(warmingUp.warmUpSteps).toBe(Number.MAX_SAFE_INTEGER);
  });
});
