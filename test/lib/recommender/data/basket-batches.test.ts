import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wholeGradient } from '#lib/graph/adam.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import { assembleBaskets, planBaskets, planPieces } from '#lib/recommender/data/basket-batches.ts';
import { batchSpecs } from '#lib/recommender/data/batch.ts';
import { collectRows, type TrainingRows } from '#lib/recommender/data/training-rows.ts';
import { historyArrays, historyTensors } from '#lib/recommender/history-arrays.ts';
import { lossAndGradients } from '#lib/recommender/loss-and-gradients.ts';
import { createVariables, describeNetwork } from '#lib/recommender/network.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { scoreItems } from '#lib/recommender/score.ts';
import { resolve, shardOf } from '../fixtures.ts';

const items = 12;
const window = 6;

/** A history as its baskets. */
type History = readonly (readonly number[])[];

const item = fc.integer({ min: 1, max: items });
const histories = fc.array(
  fc.array(fc.array(item, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 7 }),
  { minLength: 1, maxLength: 5 },
);

/** Rows of at most `window + 1` items, each beginning with the last item of the one before; baskets are 100 s apart. */
async function rowsOf(all: readonly History[]): Promise<TrainingRows> {
  const rows: { user: string; start: number; items: number[] }[] = [];
  const times: number[] = [];
  all.forEach((history, user) => {
    const flat = history.flatMap((basket, at) => basket.map((one) => ({ one, time: 100 * at })));
    for (let start = 0; start === 0 || start + 1 < flat.length; start += window) {
      const part = flat.slice(start, start + window + 1);
      rows.push({ user: `u${user}`, start, items: part.map(({ one }) => one) });
      times.push(...part.map(({ time }) => time));
    }
  });
  const shard = { ...shardOf(rows), timestamps: Float64Array.from(times) };
  const counts = new Int32Array(items);
  for (const one of all.flat(2)) counts[one - 1]! += 1;
  return collectRows([{ sequences: shard, augmented: undefined }], undefined, counts);
}

function prepare(settings: Record<string, unknown>) {
  const model = resolve({
    dimension: 8,
    heads: 2,
    dropout: 0,
    batchTargets: 60,
    negatives: 2,
    ...settings,
  });
  const network = describeNetwork(model, items, window, undefined, undefined, true);
  return { network, layout: batchLayout(model, network) };
}

function batchesOf(rows: TrainingRows, layout: ReturnType<typeof prepare>['layout']) {
  const plan = planPieces(rows, layout);
  return [...planBaskets(plan, layout, 1, 1)].map((placements) =>
    assembleBaskets(rows, plan, layout, placements, randomStream(1)),
  );
}

describe('Batches of baskets', () => {
  it.each(['supervised', 'snqn'])(
    'learn once from every action but those of a first basket (%s)',
    async (objective) => {
      const { layout } = prepare({ objective });
      await fc.assert(
        fc.asyncProperty(histories, async (all) => {
          // Act
          const batches = batchesOf(await rowsOf(all), layout);

          // Assess
          const learned = batches.flatMap(({ targets, weights }) =>
            [...targets!].filter((_, place) => weights![place] === 1),
          );
          const expected = all.flatMap((history) => history.slice(1).flat());
          expect(learned.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
        }),
        { numRuns: 60 },
      );
    },
  );

  it('have for each action the basket before it, and go on to the one after it', async () => {
    const { layout } = prepare({ objective: 'sqn' });
    await fc.assert(
      fc.asyncProperty(histories, async (all) => {
        // Act
        const rows = await rowsOf(all);
        const batches = batchesOf(rows, layout);

        // Assess
        for (const batch of batches) {
          const { weights, continues, nextPlaces, baskets, positions } = batch;
          weights!.forEach((weight, place) => {
            if (weight === 0) return;
            const begin = place - positions![place]!;
            const own = [...baskets!.subarray(begin, place)];
            expect(own).toContain(baskets![place]! - 1);
            if (continues![place] === 0) return;
            const next = nextPlaces![place]!;
            expect(next - positions![next]!).toBe(begin);
            expect(baskets![next]).toBe(baskets![place]! + 1);
          });
        }
        const ends = all.flatMap((history) => (history.length > 1 ? history.at(-1)! : []));
        const ended = batches.flatMap(({ weights, continues }) =>
          [...weights!].filter((weight, place) => weight === 1 && continues![place] === 0),
        );
        expect(ended).toHaveLength(ends.length);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    { objective: 'supervised' },
    { objective: 'supervised', timeAttention: true, positionsFrom: 'start' },
    { objective: 'sqn', timeAttention: true },
  ])(
    'give the same loss and gradients whatever the order of lines in a basket: %o',
    async (settings) => {
      // Arrange: baskets that fit, so that none is cut in its middle
      const { network, layout } = prepare(settings);
      const own: History[] = [
        [[3, 5], [1, 2, 7], [4], [9, 8]],
        [
          [6, 2],
          [11, 3],
        ],
        [[1], [2, 10, 4], [5, 6]],
      ];
      const variables = (draw: string) => createVariables(draw, initialise(network.specs, 4, draw));
      const pair = { main: variables('first'), target: variables('second') };
      const run = async (all: readonly History[]) => {
        const [batch, ...others] = batchesOf(await rowsOf(all), layout);
        expect(others).toEqual([]);
        const specs = batchSpecs(layout) as Record<string, { shape: number[]; dtype: 'int32' }>;
        return tf.tidy(() => {
          const tensors = Object.fromEntries(
            Object.entries(batch!).map(([name, values]) => [
              name,
              tf.tensor(values, specs[name]!.shape, specs[name]!.dtype),
            ]),
          );
          const seed = tf.tensor1d([1, 1], 'int32');
          const { losses, gradients } = lossAndGradients(network, layout, pair, {
            ...tensors,
            seed,
          });
          return [
            ...losses.loss.dataSync(),
            ...Object.entries(pair.main).flatMap(([, variable]) => [
              ...wholeGradient(gradients[variable.name]!, variable.shape[0]!).dataSync(),
            ]),
          ];
        });
      };

      // Act
      const expected = await run(own);
      const random = randomStream(3);
      const moved = own.map((history) =>
        history.map((basket) =>
          basket
            .map((one) => ({ one, key: random.uniform() }))
            .toSorted((a, b) => a.key - b.key)
            .map(({ one }) => one),
        ),
      );
      const found = await run(moved);

      // Assess
      expect(moved).not.toEqual(own);
      const scale = Math.max(...expected.map(Math.abs));
      found.forEach((value, at) => {
        expect(Math.abs(value - expected[at]!)).toBeLessThan(1e-5 * scale);
      });
      tf.dispose([pair.main, pair.target]);
    },
  );

  it('score a history alike whatever the order of lines in a basket', () => {
    // Arrange
    const { network } = prepare({ timeAttention: true });
    const parameters = createVariables('scored', initialise(network.specs, 4, 'first'));
    const times = [0, 0, 70, 70, 70, 300];
    const scoresOf = (own: number[], time = window) =>
      tf.tidy(() => {
        const history = { items: own, times: times.slice(0, own.length), request: 900 };
        const inputs = historyTensors(historyArrays(network.shape, [history], 2, time), time);
        return scoreItems({ ...network, parameters }, inputs)
          .dataSync()
          .slice(0, items);
      });

    // Act
    const scores = scoresOf([4, 2, 9, 1, 7, 3]);
    const moved = scoresOf([2, 4, 7, 9, 1, 3]);
    const other = scoresOf([4, 9, 2, 1, 7, 3]);

    // Assess
    moved.forEach((score, at) => {
      expect(score).toBeCloseTo(scores[at]!, 6);
    });
    expect(other).not.toEqual(moved);
    // Padding is no basket of its own.
    const [short, padded] = [scoresOf([4, 2, 9, 1], 4), scoresOf([2, 4, 1, 9])];
    padded.forEach((score, at) => {
      expect(score).toBeCloseTo(short[at]!, 6);
    });
    tf.dispose(parameters);
  });

  it.each([
    [{ backbone: 'gru4rec' }, 'which gru4rec with preset sound would read in an order'],
    [{ preset: 'paper' }, 'sasrec with preset paper'],
    [{ futureActions: 2 }, 'Set futureActions to 0'],
  ])('are refused where order cannot be left out: %o', (settings, message) => {
    expect(() => prepare(settings)).toThrow(message);
  });
});
