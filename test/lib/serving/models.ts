import { backbones } from '#lib/recommender/backbones/index.ts';
import { supervisedHeadSpecs } from '#lib/recommender/heads.ts';
import { encodeModel } from '#lib/recommender/model-file.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import type { RecommenderFiles } from '#lib/serving/served-model.ts';

export type BackboneName = keyof typeof backbones;

export const backboneNames = Object.keys(backbones) as BackboneName[];

/** The files of an untrained recommender with items `item-1` to `item-<items>`, through JSON as from S3. */
export function modelFiles(
  backbone: BackboneName,
  options: {
    readonly items?: number;
    readonly excludeHistory?: boolean;
    readonly head?: 'tied' | 'separate';
  } = {},
): RecommenderFiles {
  const { items = 40, excludeHistory = false, head = 'separate' } = options;
  const shape = {
    items,
    dimension: 8,
    blocks: 2,
    heads: 1,
    window: 6,
    positionsFrom: 'end',
    timeAttention: false,
    baskets: false,
  } as const;
  const weights = initialise(
    [
      {
        name: 'item_embedding',
        shape: [items, shape.dimension],
        initialiser: { kind: 'normal', deviation: 0.5 },
      },
      ...backbones[backbone].parameterSpecs(shape),
      ...supervisedHeadSpecs(head, backbones[backbone], shape),
    ],
    1,
    'test',
  );
  const encoded = encodeModel({ backbone, shape, excludeHistory, weights });
  return {
    description: JSON.parse(JSON.stringify(encoded.description)),
    weights: encoded.weights,
    vocabulary: Array.from({ length: items }, (_, index) => `item-${index + 1}`),
  };
}
