import { tf } from '#lib/graph/tensorflow.ts';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { afterAll, describe, expect, it } from 'vitest';
import { backbone } from '#lib/contracts/config/training.ts';
import { backbones } from '#lib/recommender/backbones/index.ts';
import { lastPlaces, linePositions } from '#lib/recommender/backbones/layers.ts';
import { decodeModel, encodeModel, type RecommenderModel } from '#lib/recommender/model-file.ts';
import { describeNetwork, servedSpecs } from '#lib/recommender/network.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import {
  createScorer,
  lastStates,
  loadModel,
  readValues,
  scoreItems,
} from '#lib/recommender/score.ts';
import { resolve } from './fixtures.ts';

const { options: names } = backbone;

function modelOf(name: (typeof names)[number], head = 'tied'): RecommenderModel {
  const settings = { backbone: name, head, objective: 'snqn', dimension: 8, blocks: 2, heads: 2 };
  const network = describeNetwork(resolve(settings), 30, 6, undefined);
  const weights = initialise(servedSpecs(network), 3, 'first');
  // Larger than they begin, so that differences show.
  for (const { values } of weights.values())
    values.forEach((x, at) => {
      values[at] = 3 * x + 0.01;
    });
  return { backbone: name, shape: network.shape, excludeHistory: false, weights };
}

/** Histories of 6, 3 and 1 items, and an empty one. */
const histories = [[5, 9, 30, 1, 2, 2], [7, 8, 9], [4], []].map((items) => {
  return { items, times: undefined, request: undefined };
});

afterAll(async () => {
  await tf.setBackend('tensorflow');
});

describe('Function: createScorer', () => {
  it.each(names)(
    'scores alike on every backend, with no parameter of the Q head: %s',
    async (name) => {
      // Arrange
      const { description, weights } = encodeModel(modelOf(name));
      const scores: Record<string, Float32Array> = {};

      // Act
      for (const backend of ['tensorflow', 'wasm', 'cpu']) {
        await tf.setBackend(backend);
        const scorer = createScorer(decodeModel(description, weights));
        scores[backend] = scorer.score(histories).slice();
        scorer.dispose();
      }

      // Assess
      expect(description.weights.map((entry) => entry.name).join()).not.toContain('q_head');
      expect(scores.tensorflow).toHaveLength(4 * 30);
      for (const backend of ['wasm', 'cpu']) {
        scores.tensorflow!.subarray(0, 3 * 30).forEach((score, at) => {
          expect(scores[backend]![at]!, `${backend} ${at}`).toBeCloseTo(score, 4);
        });
      }
    },
  );

  it.each(names)(
    'scores a history alike alone, in a batch, and whatever follows in time: %s',
    async (name) => {
      // Arrange
      await tf.setBackend('tensorflow');
      const model = modelOf(name, 'separate');
      const scorer = createScorer(model);

      // Act
      const together = scorer.score(histories);
      const loaded = loadModel(model);

      // Assess
      for (let row = 0; row < 3; row++) {
        const alone = scorer.score(histories.slice(row, row + 1));
        // Items beyond the length are not seen.
        const { items } = histories[row]!;
        const soiled = Array.from({ length: 6 }, (_, at) => items[at] ?? 29);
        const padded = readValues(() =>
          scoreItems(loaded, {
            items: tf.tensor2d([soiled], undefined, 'int32'),
            lengths: tf.tensor1d([items.length], 'int32'),
          }),
        );
        together.subarray(row * 30, row * 30 + 30).forEach((score, at) => {
          expect(alone[at]!).toBeCloseTo(score, 5);
          expect(padded[at]!).toBeCloseTo(score, 5);
        });
      }
      scorer.dispose();
      loaded.dispose();
    },
  );
});

describe('Interface: Backbone', () => {
  it.each(names)('gives states that no later item changes, packed or alone: %s', async (name) => {
    // Arrange: two sequences in one line, and the second one alone
    await tf.setBackend('tensorflow');
    const model = modelOf(name);
    const parameters = Object.fromEntries(
      [...model.weights].map(([key, { shape, values }]) => [key, tf.tensor(values, [...shape])]),
    );
    const encode = (items: number[], positions: number[]) => {
      const sequence = {
        items: tf.tensor2d([items], undefined, 'int32'),
        positions: tf.tensor2d([positions], undefined, 'int32'),
        room: tf.fill([1, 6], model.shape.window - 3, 'int32') as tf.Tensor2D,
      };
      const { states } = backbones[name].encode(parameters, model.shape, sequence, (x) => x);
      return states.arraySync()[0]!;
    };

    // Act
    const packed = encode([3, 8, 2, 9, 4, 7], [0, 1, 2, 0, 1, 2]);
    const changed = encode([3, 8, 2, 9, 4, 1], [0, 1, 2, 0, 1, 2]);
    const alone = encode([9, 4, 7, 0, 0, 0], [0, 1, 2, 0, 0, 0]);

    // Assess
    for (const [a, b] of [
      [packed.slice(0, 5), changed.slice(0, 5)],
      [packed.slice(3), alone.slice(0, 3)],
    ] as const) {
      a.flat().forEach((value, at) => {
        expect(b.flat()[at]!).toBeCloseTo(value, 5);
      });
    }
    expect(packed[5]).not.toEqual(changed[5]);
  });

  it.each(names)(
    'gives last states alone as among all places, whatever the length: %s',
    async (name) => {
      // Arrange: an empty history, short ones, a full window
      await tf.setBackend('tensorflow');
      const model = modelOf(name);
      const { shape } = model;
      const parameters = Object.fromEntries(
        [...model.weights].map(([key, { shape, values }]) => [key, tf.tensor(values, [...shape])]),
      );
      const lengths = Array.from({ length: shape.window + 1 }, (_, length) => length);
      const rows = lengths.map((length) =>
        Array.from({ length: shape.window }, (_, at) =>
          at < length ? 1 + ((7 * at + length) % 30) : 0,
        ),
      );
      const items = tf.tensor2d(rows, undefined, 'int32');
      const positions = linePositions(...items.shape);
      const ends = tf.tensor1d(lengths, 'int32');
      const room = tf.tile(tf.expandDims(tf.sub(shape.window, ends), 1), [1, shape.window]);

      // Act
      const inputs = { items, positions, room: tf.cast(room, 'int32') as tf.Tensor2D };
      const { states } = backbones[name].encode(parameters, shape, inputs, (x) => x);
      const among = lastPlaces(states, ends).dataSync();
      const alone = lastStates(
        backbones[name],
        shape,
        parameters,
        { items, lengths: ends },
        (x) => x,
      );

      // Assess
      alone.dataSync().forEach((value, at) => {
        expect(value).toBeCloseTo(among[at]!, 5);
      });
      expect(alone.shape).toEqual([shape.window + 1, backbones[name].stateDimension(shape)]);
    },
  );
});
