import { afterEach, describe, expect, it } from 'vitest';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import type { LineState, LoggedAction } from '#lib/recommender/data/actions.ts';
import { batchSpecs } from '#lib/recommender/data/batch.ts';
import { createBatchSource } from '#lib/recommender/data/batch-source.ts';
import { type Column, columns } from '#lib/recommender/data/columns.ts';
import { describeNetwork } from '#lib/recommender/network.ts';
import { createTrainingProgram } from '#lib/recommender/training-program.ts';
import { makeWorld, resolve, small } from '../fixtures.ts';

const lea = { augmentedWeight: 0.4 };
/** Settings that between them ask for every column, in lines, in prefixes and in baskets. */
const models: [settings: Record<string, unknown>, baskets?: boolean][] = [
  ...['sound', 'paper'].flatMap((preset): [Record<string, unknown>][] => [
    [{ preset, objective: 'snqn', lea, futureActions: 2 }],
    [{ preset, objective: 'sa2c', propensityExponent: 0.5, loss: 'gbce', sampledItems: 5 }],
    [{ preset, objective: 'auxiliary', lea: { ...lea, state: 'q_only' } }],
  ]),
  [{ objective: 'sqn', timeAttention: true }],
  [{ objective: 'snqn', lea, timeAttention: true }, true],
];

async function prepare(model: ResolvedModel, baskets = false) {
  const world = await makeWorld(model);
  const { items, window } = world;
  // Two actions a basket, where there are baskets.
  const timestamps = world.rows.timestamps.map((time) => (baskets ? Math.floor(time / 2) : time));
  const rows = { ...world.rows, timestamps };
  const environment = rows.environment?.stateDimension;
  const network = describeNetwork(model, items, window, environment, undefined, baskets);
  const layout = batchLayout(model, network);
  return { rows, network, layout };
}

describe('Table of columns', () => {
  const table = columns as Record<string, Column>;
  afterEach(() => {
    delete table.hours;
  });

  it('has no column that a batch leaves empty, and none that nobody asks for', async () => {
    // Arrange
    const neverAsked = new Set(Object.keys(columns));

    for (const [settings, baskets] of models) {
      const { rows, layout } = await prepare(resolve({ ...small, ...settings }), baskets);

      // Act
      const source = createBatchSource({ rows, layout });
      const batches = Array.from({ length: source.steps(1) }, (_, at) => source.assemble(1, at));

      // Assess
      for (const name of Object.keys(batchSpecs(layout))) {
        const values = batches.flatMap((batch) => [...batch[name as keyof typeof columns]!]);
        // All negatives of these models have the reward 0.
        if (name !== 'negativeRewards') expect(values.some((value) => value !== 0)).toBe(true);
        neverAsked.delete(name);
      }
    }
    expect([...neverAsked]).toEqual([]);
  });

  it.each(['sound', 'paper'])(
    'is all that a new column takes: batches and graph have it (%s)',
    async (preset) => {
      // Arrange: hours since the first item, of each state
      const hours = (value: number, rows: LineState['rows']) => rows.timestamps[value]! / 3600;
      table.hours = {
        dtype: 'float32',
        shape: ({ places }) => [places],
        isAsked: ({ objective }) => objective.usesNextState,
        perState: (to, { place, value, rows }: LineState) => {
          to[place] = hours(value, rows);
        },
        perSample: (to, { place, value, rows }: LoggedAction) => {
          to[place] = hours(value - 1, rows);
        },
      };
      const asking = await prepare(resolve({ ...small, preset, objective: 'sqn' }));
      const other = await prepare(resolve({ ...small, preset }));

      // Act
      const batch = createBatchSource(asking).assemble(1, 0) as Record<string, Float32Array>;
      const program = createTrainingProgram({ ...asking, excluded: 0, runEagerly: true });
      const train = (given: object) =>
        program.train(given, { seed: Int32Array.of(1, 1), isActing: false, isSwapped: false });
      const { loss } = train(batch);
      const { hours: own, ...without } = batch;

      // Assess: the fixture's times are seconds from 0
      expect(own!.length).toBe(asking.layout.places);
      expect(own!.some((value) => value > 0 && value < 1)).toBe(true);
      expect(Number.isFinite(loss)).toBe(true);
      expect(() => train(without)).toThrow('missing: hours');
      expect(createBatchSource(other).assemble(1, 0)).not.toHaveProperty('hours');
      program.dispose();
    },
  );

  it('must say how a column that is asked for is filled', async () => {
    // Arrange
    table.hours = {
      dtype: 'float32',
      shape: ({ places }) => [places],
      isAsked: () => true,
      perState: () => undefined,
    };
    const { layout } = await prepare(resolve({ ...small, preset: 'paper' }));

    // Act & Assess
    expect(() => batchSpecs(layout)).toThrow('Nothing fills the column "hours"');
  });
});
