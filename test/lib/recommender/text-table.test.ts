import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '#lib/graph/tensorflow.ts';
import {
  alignVectors,
  boundDifferences,
  completeTables,
  knownItems,
} from '#lib/recommender/text-table.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import { makeWorld, resolve, small } from './fixtures.ts';

const origin = {
  encoder: 'tfidf',
  baseModel: '',
  baseModelOrigin: '',
  layers: 0,
  pooling: '',
  precision: '',
  permute: '',
  whitening: '0',
} as const;

describe('Function: alignVectors', () => {
  it('puts the vocabulary first, in its order, and keeps the rest of the catalogue', () => {
    // Arrange
    const vectors = {
      itemIds: ['a', 'b', 'c', 'd'],
      dimension: 2,
      vectors: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      origin,
    };

    // Act
    const aligned = alignVectors(vectors, ['d', 'without', 'a']);

    // Assess
    expect([...aligned.known]).toEqual([7, 8, 0, 0, 1, 2]);
    expect(aligned.otherIds).toEqual(['b', 'c']);
    expect([...aligned.others]).toEqual([3, 4, 5, 6]);
  });
});

describe('Function: boundDifferences', () => {
  it('leaves short differences, cuts long ones in their direction, and keeps those of items without actions at zero', () => {
    const number = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, fc.boolean()), { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 4, noNaN: true }),
        (rows, bound) => {
          // Arrange
          const difference = tf.variable(tf.tensor2d(rows.map(([a, b]) => [a, b])));
          const hasAction = tf.tensor2d(rows.map(([, , has]) => [has ? 1 : 0]));

          // Act
          boundDifferences({ 'item_embedding/difference': difference }, hasAction, bound);

          // Assess
          const bounded = difference.arraySync() as number[][];
          rows.forEach(([a, b, has], row) => {
            const scale = has ? Math.min(1, bound / Math.max(1e-12, Math.hypot(a, b))) : 0;
            expect(bounded[row]![0]).toBeCloseTo(a * scale, 4);
            expect(bounded[row]![1]).toBeCloseTo(b * scale, 4);
          });
          tf.dispose([difference, hasAction]);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('Function: knownItems', () => {
  const settings = { bound: 2, deviation: 0.05, coldNegatives: false };
  const drawn = (newItems: number, seed: number) =>
    knownItems(4000, { ...settings, newItems }, () => tf.tensor1d([seed, 1], 'int32'));

  it('takes a share of the items for new ones, others in each step', () => {
    // Act
    const [first, again, next] = [drawn(0.3, 1), drawn(0.3, 1), drawn(0.3, 2)].map((known) => [
      ...known!.dataSync(),
    ]);
    // Assess: of 4,000 draws three deviations are 0.022
    const share = first!.filter((known) => known === 0).length / 4000;
    expect(share).toBeGreaterThan(0.278);
    expect(share).toBeLessThan(0.322);
    expect(new Set(first)).toStrictEqual(new Set([0, 1]));
    expect(again).toStrictEqual(first);
    expect(next).not.toStrictEqual(first);
    expect(drawn(0, 1)).toBeUndefined();
  });

  it('leaves nothing of such an item but its text', () => {
    // Arrange
    const parameters = {
      'item_embedding/text_map': tf.tensor2d([[1, 0]]),
      'item_embedding/difference': tf.tensor2d([
        [10, 20],
        [30, 40],
      ]),
    };
    const vectors = tf.tensor2d([[1], [2]]);
    // Act
    const { item_embedding: table } = completeTables(parameters, vectors, tf.tensor2d([[0], [1]]));
    // Assess
    expect(table!.arraySync()).toStrictEqual([
      [1, 0],
      [32, 40],
    ]);
  });
});

describe('A model with texts', () => {
  it('keeps its differences within the bound, and knows items that nobody has taken', async () => {
    // Arrange: item 24 has no action; the catalogue has four more, whose rows are those of the map itself
    const model = resolve({
      ...small,
      maximumEpochs: 3,
      text: { bound: 0.2, newItems: 0.2 },
      objective: 'snqn',
    });
    const world = await makeWorld(model);
    const counts = world.rows.counts.map((count, at) => (at === 23 ? 0 : count));
    const dimension = 4;
    const known = Float32Array.from({ length: 24 * dimension }, (_, at) => Math.sin(at * 1.7));
    const others = Float32Array.from({ length: 16 }, (_, at) => (at % 5 === 0 ? 1 : 0));
    const text = { dimension, known, otherIds: ['w', 'x', 'y', 'z'], others };

    // Act
    const trained = await trainModel({
      model,
      rows: { ...world.rows, counts },
      window: world.window,
      excludeHistory: false,
      baskets: false,
      validation: world.validation,
      text,
      runEagerly: true,
    });
    trained.dispose();

    // Assess
    const { shape, values: table } = trained.weights.get('item_embedding')!;
    expect(shape).toEqual([28, 8]);
    expect(trained.otherIds).toEqual(['w', 'x', 'y', 'z']);
    expect([...trained.weights.keys()].join()).not.toMatch(/text_map|difference|q_head/);
    const map = table.subarray(24 * 8);
    const lengths = Array.from({ length: 24 }, (_, item) => {
      const difference = Array.from({ length: 8 }, (_, to) => {
        let projected = 0;
        for (let from = 0; from < dimension; from++) {
          projected += known[item * dimension + from]! * map[from * 8 + to]!;
        }
        return table[item * 8 + to]! - projected;
      });
      return Math.hypot(...difference);
    });
    expect(Math.max(...lengths)).toBeCloseTo(0.2, 4);
    expect(Math.min(...lengths.slice(0, 23))).toBeGreaterThan(0);
    expect(lengths[23]).toBeCloseTo(0, 5);
  });

  it('is refused without vectors', async () => {
    const model = resolve({ ...small, text: {} });
    const world = await makeWorld(model);
    const task = { ...world, model, excludeHistory: false, baskets: false };
    await expect(trainModel(task)).rejects.toThrow(
      "uses its items' texts, but there are no item vectors",
    );
  });
});
