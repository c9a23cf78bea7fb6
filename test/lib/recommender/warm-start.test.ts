import { afterAll, describe, expect, it } from 'vitest';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import type { ParameterSpec } from '#lib/recommender/parameters.ts';
import { decodeParameters, encodeParameters } from '#lib/recommender/parameters-file.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import type { TrainedModel } from '#lib/recommender/training-task.ts';
import { type WarmStart, warmParameters } from '#lib/recommender/warm-start.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { resolve, small } from './fixtures.ts';

const built = smallSequences();
const { window, excludeHistory } = built.manifest;
const { itemIds, counts } = built.itemTable;
const disposables: TrainedModel[] = [];
afterAll(() => {
  for (const model of disposables) model.dispose();
});

async function train(settings: Readonly<Record<string, unknown>>, warm?: WarmStart) {
  const parts = built.shards.map((sequences) => ({ sequences, augmented: undefined }));
  const trained = await trainModel({
    model: resolve({ ...small, ...settings }),
    rows: await collectRows(parts, undefined, counts),
    window,
    excludeHistory,
    baskets: false,
    validation: built.validation,
    warm,
  });
  disposables.push(trained);
  return trained;
}

const spec = (name: string, shape: number[]): ParameterSpec => ({
  name,
  shape,
  initialiser: { kind: 'constant', value: 0 },
});

describe('Function: warmParameters', () => {
  const specs = [
    spec('item_embedding', [3, 2]),
    spec('supervised_head/bias', [3]),
    spec('block/kernel', [2, 2]),
  ];
  const earlier = {
    itemIds: ['a', 'gone'],
    parameters: new Map([
      ['item_embedding', Float32Array.of(1, 2, 3, 4)],
      ['supervised_head/bias', Float32Array.of(5, 6)],
      ['block/kernel', Float32Array.of(7, 8, 9, 10)],
    ]),
  };
  const fresh = (name: string) => new Float32Array(name === 'item_embedding' ? 6 : 3).fill(0.5);

  it('puts rows where their items are now; new items begin as in any training', () => {
    // Act
    const warm = warmParameters(specs, fresh, { earlier, itemIds: ['new', 'a', 'newer'] });
    // Assess
    expect([...warm.get('item_embedding')!]).toEqual([0.5, 0.5, 1, 2, 0.5, 0.5]);
    expect([...warm.get('supervised_head/bias')!]).toEqual([0.5, 5, 0.5]);
    expect([...warm.get('block/kernel')!]).toEqual([7, 8, 9, 10]);
  });

  it.each([
    ['no', 'q_head/bias', [3]],
    ['another', 'block/kernel', [2, 3]],
    ['another', 'item_embedding', [3, 4]],
  ])('refuses a model that has %s "%s"', (word, name, shape) => {
    expect(() => warmParameters([spec(name, shape)], fresh, { earlier, itemIds: ['a'] })).toThrow(
      `The model to start from has ${word} "${name}"`,
    );
  });
});

describe('A training that begins with an earlier model', () => {
  it.each([['supervised'], ['snqn']])(
    '%s: is where that one was, whatever the order of its items',
    async (objective) => {
      // Arrange: tables of a vocabulary that is turned around
      const before = await train({ objective, maximumEpochs: 6 });
      const parameters = new Map(
        [...before.parameters].map(([name, values]) => {
          if (!/^(item_embedding|supervised_head|q_head)/.test(name)) return [name, values];
          const width = values.length / itemIds.length;
          const turned = new Float32Array(values.length);
          itemIds.forEach((_, row) => {
            const place = itemIds.length - 1 - row;
            turned.set(values.subarray(row * width, (row + 1) * width), place * width);
          });
          return [name, turned];
        }),
      );
      const warm = { earlier: { parameters, itemIds: itemIds.toReversed() }, itemIds };
      // Act: next to no step is made
      const after = await train({ objective, maximumEpochs: 1, learningRate: 1e-12 }, warm);
      const afresh = await train({ objective, maximumEpochs: 1, learningRate: 1e-12 });
      // Assess
      const ndcg = (model: TrainedModel) => metricsAt(model.rank(built.validation), 10).ndcg;
      expect(ndcg(after)).toBeCloseTo(ndcg(before), 6);
      expect(ndcg(afresh)).toBeLessThan(ndcg(before) - 0.05);
    },
  );

  it('keeps what it began with, to the bit, where no epoch is better, and ends after its warmPatience', async () => {
    // Arrange
    const before = await train({ objective: 'supervised', maximumEpochs: 6 });
    const warm = { earlier: { parameters: before.parameters, itemIds }, itemIds };
    // Act: steps so long that they spoil everything
    const after = await train(
      { objective: 'supervised', maximumEpochs: 9, patience: 7, warmPatience: 2, learningRate: 3 },
      warm,
    );
    // Assess
    expect([after.bestEpoch, after.curve.length]).toEqual([0, 2]);
    for (const [name, values] of before.parameters) {
      expect(after.parameters.get(name)).toEqual(values);
    }
  });

  it('leaves parameters that can be read back where what it began with is the best', async () => {
    const before = await train({ objective: 'supervised', maximumEpochs: 1 });
    const course = { epochs: 2, bestEpoch: 0, steps: 9 };
    const bytes = Buffer.concat([
      ...encodeParameters({ parameters: before.parameters, ...course }, 'x'),
    ]);
    const read = (offset: number, length: number) =>
      Uint8Array.from(bytes.subarray(offset, offset + length));

    const decoded = decodeParameters({ size: bytes.length, read }, 'x');

    expect(decoded).toMatchObject(course);
    expect(decoded.parameters).toEqual(before.parameters);
  });
});
