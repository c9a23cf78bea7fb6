import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ContractError, PipelineError, ValidationError } from '#lib/contracts/errors.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { decodeModel } from '#lib/recommender/model-file.ts';
import { rankCases } from '#lib/recommender/ranking.ts';
import { loadModel } from '#lib/recommender/score.ts';
import { activateBackend } from '#lib/serving/backend.ts';
import { Recommender } from '#lib/serving/recommender.ts';
import type { RecommenderFiles } from '#lib/serving/served-model.ts';
import { createRanker } from '../recommender/model-ranker.ts';
import { casesOf } from '../sequences/cases.ts';
import { type BackboneName, backboneNames, modelFiles } from './models.ts';

const histories = fc.array(
  fc.integer({ min: 1, max: 40 }).map((item) => `item-${item}`),
  { minLength: 1, maxLength: 10 },
);

/** All scores after a history, by item. */
function scoresOf(files: RecommenderFiles, history: readonly string[]): Map<string, number> {
  const recommender = new Recommender(files);
  const { items } = recommender.recommend({ history }, recommender.items);
  recommender.dispose();
  return new Map(items.map(({ item_id, score }) => [item_id, score!]));
}

describe('Class: Recommender', () => {
  describe.each(backboneNames)('backbone %s', (backbone: BackboneName) => {
    it('gives each of many histories what it gives it alone, to the last bit', async () => {
      // Arrange: of all lengths, so that those of a batch are not encoded at their own
      await activateBackend('cpu');
      const files = modelFiles(backbone);
      const some = Array.from({ length: 23 }, (_, user) => ({
        history: Array.from(
          { length: (user * 5) % 9 },
          (_, at) => `item-${1 + ((user + 7 * at) % 40)}`,
        ),
      }));
      const [alone, together] = [new Recommender(files), new Recommender(files, { batch: 4 })];

      // Act
      const lists = together.recommendAll(some, 10);

      // Assess
      expect(lists).toEqual(some.map((one) => alone.recommend(one, 10)));
    });

    it('gives the scores of native TensorFlow on WebAssembly and in plain JavaScript', async () => {
      // Arrange
      const files = modelFiles(backbone, { head: 'separate' });
      const history = ['item-3', 'item-17', 'item-3', 'item-40'];
      await tf.setBackend('tensorflow');
      const native = scoresOf(files, history);

      for (const backend of ['cpu', 'wasm'] as const) {
        // Act
        await activateBackend(backend);
        const scores = scoresOf(files, history);

        // Assess
        for (const [item, score] of native) expect(scores.get(item)).toBeCloseTo(score, 5);
        expect(scores.size).toBe(40);
      }
    });

    it.each([false, true])(
      'shows each item at the place that ranking found (history excluded: %s)',
      async (excludeHistory) => {
        // Arrange: both on the backend that ranks, so that ties are ties to the last bit.
        await tf.setBackend('tensorflow');
        const files = modelFiles(backbone, { excludeHistory, head: 'tied' });
        const recommender = new Recommender(files, { batch: 3 });
        const model = loadModel(decodeModel(files.description, files.weights));
        const ranker = createRanker(model, excludeHistory ? 10 : 0);

        fc.assert(
          fc.property(fc.array(histories, { minLength: 1, maxLength: 5 }), (some) => {
            // Act
            const lists = recommender.recommendAll(
              some.map((history) => ({ history })),
              40,
            );

            // Assess
            some.forEach((history, index) => {
              const items = Int32Array.from(history, (id) => Number(id.slice('item-'.length)));
              const targets = Int32Array.from({ length: 40 }, (_, item) => item + 1);
              const cases = casesOf(
                Array.from(targets, (target) => ({ history: [...items], target })),
              );
              const places = Array.from(
                targets,
                (item) =>
                  lists[index]!.items.findIndex(({ item_id }) => item_id === `item-${item}`) + 1,
              );
              expect(places).toEqual([...rankCases(ranker, cases)]);
            });
          }),
          { numRuns: 5 },
        );
        recommender.dispose();
        model.dispose();
      },
    );
  });

  describe('on WebAssembly', () => {
    beforeAll(async () => {
      await activateBackend('wasm');
    });

    it('skips and reports unknown items', () => {
      // Arrange
      const recommender = new Recommender(modelFiles('sasrec'));

      // Act
      const mixed = recommender.recommend(
        { history: ['new', 'item-2', 'other', 'item-5', 'new'] },
        5,
      );
      const known = recommender.recommend({ history: ['item-2', 'item-5'] }, 5);

      // Assess
      expect(mixed.items).toEqual(known.items);
      expect(mixed).toMatchObject({ source: 'model', unknownItems: ['new', 'other'] });
      expect(known.unknownItems).toEqual([]);
    });

    it.each([[[]], [['new', 'newer']]])(
      'falls back on popularity for the history %j',
      (history) => {
        // Arrange
        const recommender = new Recommender(modelFiles('gru4rec', { excludeHistory: true }));

        // Act
        const { items, source, unknownItems } = recommender.recommend({ history }, 3);

        // Assess
        expect(items).toEqual([
          { item_id: 'item-1', source: 'popularity' },
          { item_id: 'item-2', source: 'popularity' },
          { item_id: 'item-3', source: 'popularity' },
        ]);
        expect(source).toBe('popularity');
        expect(unknownItems).toEqual(history);
      },
    );

    it('keeps the order of histories when some need the model and some do not', () => {
      // Arrange
      const recommender = new Recommender(modelFiles('sasrec'), { batch: 2 });
      const some = [['item-1'], [], ['item-2'], ['unknown'], ['item-3']];

      // Act
      const lists = recommender.recommendAll(
        some.map((history) => ({ history })),
        4,
      );

      // Assess
      expect(lists.map(({ source }) => source)).toEqual([
        'model',
        'popularity',
        'model',
        'popularity',
        'model',
      ]);
      const alone = some.map((history) => recommender.recommend({ history }, 4));
      expect(lists.map(({ items }) => items.map(({ item_id }) => item_id))).toEqual(
        alone.map(({ items }) => items.map(({ item_id }) => item_id)),
      );
    });

    it('ignores what lies before the window, but excludes it', () => {
      // Arrange: the window is 6.
      const last = ['item-1', 'item-2', 'item-3', 'item-4', 'item-5', 'item-6'];
      const recommender = new Recommender(modelFiles('sasrec'));
      const excluding = new Recommender(modelFiles('sasrec', { excludeHistory: true }));

      // Act
      const long = recommender.recommend({ history: ['item-30', ...last] }, 40);
      const short = recommender.recommend({ history: last }, 40);
      const excluded = excluding.recommend({ history: ['item-30', ...last] }, 40);

      // Assess
      expect(long).toEqual(short);
      expect(excluded.items.map(({ item_id }) => item_id)).toEqual(
        short.items
          .map(({ item_id }) => item_id)
          .filter((id) => id !== 'item-30' && !last.includes(id)),
      );
      expect(excluding.excludesHistory).toBe(true);
    });

    it('frees its memory', () => {
      // Arrange
      const before = tf.memory().numTensors;
      const recommender = new Recommender(modelFiles('caser'));
      recommender.recommend({ history: ['item-1'] }, 2);
      const held = tf.memory().numTensors;
      recommender.recommend({ history: ['item-2'] }, 2);

      // Assess: nothing stays behind from call to call, nor at the end.
      expect(tf.memory().numTensors).toBe(held);
      recommender.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it('refuses lists of no items', () => {
      // Arrange
      const recommender = new Recommender(modelFiles('sasrec'));

      // Act and assess
      expect(() => recommender.recommend({ history: [] }, 0)).toThrow(ValidationError);
      expect(() => recommender.recommend({ history: [] }, 1.5)).toThrow('not 1.5');
    });

    it('refuses damaged weights instead of recommending by them', () => {
      // Arrange
      const files = modelFiles('sasrec');
      const weights = files.weights.slice();
      weights[5]! ^= 1;

      // Act and assess
      expect(() => new Recommender({ ...files, weights })).toThrow(ContractError);
      expect(() => new Recommender({ ...files, weights })).toThrow('weights.bin is not the file');
    });

    it('refuses to recommend by scores that are no numbers', () => {
      // Arrange: weights that are numbers, and overflow.
      const { weightsHash: _, ...description } = modelFiles('sasrec').description as object & {
        weightsHash: string;
      };
      const { weights, vocabulary } = modelFiles('sasrec');
      const huge = new Uint8Array(new Float32Array(weights.length / 4).fill(3e38).buffer);
      const recommender = new Recommender({ description, weights: huge, vocabulary });

      // Act and assess
      expect(() => recommender.recommend({ history: ['item-1'] }, 3)).toThrow(ContractError);
      expect(() => recommender.recommend({ history: ['item-1'] }, 3)).toThrow(
        /the score NaN: its weights/,
      );
    });

    it('refuses files that do not belong together', () => {
      // Arrange
      const files = modelFiles('sasrec');

      // Act and assess
      expect(() => new Recommender({ ...files, vocabulary: ['a', 'b'] })).toThrow(
        'vocabulary.json has 2 items, but model.json says 40',
      );
      expect(() => new Recommender({ ...files, vocabulary: { a: 1 } })).toThrow(ContractError);
      expect(() => new Recommender({ ...files, weights: new Uint8Array(8) })).toThrow(
        ContractError,
      );
    });
  });
});

describe('Function: activateBackend', () => {
  it('says what to look at when the files of WebAssembly are elsewhere', async () => {
    // Arrange: a fresh engine would be needed to load them again, so ask for a backend that cannot start.
    tf.registerBackend('cpu-broken', () => {
      throw new Error('no such file');
    });

    // Act
    const activation = activateBackend('cpu-broken' as 'cpu');

    // Assess
    await expect(activation).rejects.toThrow(PipelineError);
    await expect(activation).rejects.toThrow(
      'The TensorFlow.js backend "cpu-broken" does not start',
    );
  });
});
