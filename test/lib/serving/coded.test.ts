import { beforeAll, describe, expect, it } from 'vitest';
import { itemCodes } from '#lib/recommender/item-table.ts';
import { encodeModel } from '#lib/recommender/model-file.ts';
import { describeNetwork, servedSpecs } from '#lib/recommender/network.ts';
import { initialise, type Weights } from '#lib/recommender/parameters.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { activateBackend } from '#lib/serving/backend.ts';
import { encodeBlend } from '#lib/serving/blend-file.ts';
import { Recommender } from '#lib/serving/recommender.ts';
import type { RecommenderFiles } from '#lib/serving/served-model.ts';
import { expand } from '../recommender/expand-codes.ts';
import { resolve } from '../recommender/fixtures.ts';

const items = 60;

/** The same model twice: with items made of parts, and with the vectors that these make. */
function filesOf(head: 'tied' | 'separate', isBlend: boolean): RecommenderFiles[] {
  const model = resolve({ head, dimension: 16, blocks: 1, itemCodes: { codebooks: 4, size: 8 } });
  const network = describeNetwork(model, items, 6, undefined);
  const weights = initialise(servedSpecs(network), 1, 'first');
  for (const { values } of weights.values()) for (const at of values.keys()) values[at]! *= 5;
  const random = randomStream(1, 'codes');
  const codes = Uint8Array.from({ length: items * 4 }, () => random.integer(8));
  const coded = new Map<string, Weights>([
    ...weights,
    [itemCodes, { shape: [items, 4], values: codes }],
  ]);
  return [coded, expand(weights, codes, items)].map((own) => {
    const encoded = encodeModel({
      backbone: 'sasrec',
      shape: network.shape,
      excludeHistory: true,
      weights: own,
    });
    const file = isBlend
      ? encodeBlend({
          items,
          window: 6,
          excludeHistory: true,
          components: [{ kind: 'network', weight: 0.5, ...encoded }],
          counts: { epsilon: 1, terms: [] },
        })
      : encoded;
    return {
      description: JSON.parse(JSON.stringify(file.description)),
      weights: file.weights,
      vocabulary: Array.from({ length: items }, (_, item) => `item-${item + 1}`),
    };
  });
}

beforeAll(async () => {
  await activateBackend('wasm');
});

describe('A model whose items are made of parts', () => {
  it.each([
    ['tied', false],
    ['separate', false],
    ['tied', true],
  ] as const)('is served as that of the vectors is: head %s, joined %s', (head, isBlend) => {
    // Arrange: however large the catalogue, bounds are for vectors alone
    const [coded, plain] = filesOf(head, isBlend).map(
      (files) => new Recommender(files, { boundedFrom: 1, batch: 2 }),
    );
    const requests = [['item-3', 'item-9', 'item-50'], ['item-60']].map((history) => ({ history }));

    // Act
    const lists = requests.map((request) => coded!.recommend(request, items));
    const expected = requests.map((request) => plain!.recommend(request, items));

    // Assess
    lists.forEach(({ items: list }, at) => {
      const scores = new Map(expected[at]!.items.map(({ item_id, score }) => [item_id, score!]));
      expect(list).toHaveLength(scores.size);
      for (const { item_id, score } of list) {
        expect(score, item_id).toBeCloseTo(scores.get(item_id)!, 4);
      }
    });
    coded!.dispose();
    plain!.dispose();
  });
});
