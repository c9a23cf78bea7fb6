import type { Champion } from '#lib/contracts/champion.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { itemEmbedding } from '#lib/recommender/backbones/backbone.ts';
import { backbones } from '#lib/recommender/backbones/index.ts';
import { supervisedHeadSpecs } from '#lib/recommender/heads.ts';
import { encodeModel } from '#lib/recommender/model-file.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import type { Objects } from '#platform/objects.ts';

export const itemIds = Array.from({ length: 40 }, (_, index) => `item-${index}`);

/** Writes a small SASRec with random weights, and makes it the champion. */
export async function promoteSmallModel(objects: Objects, run: string, seed: number) {
  const shape = {
    items: itemIds.length,
    dimension: 8,
    blocks: 1,
    heads: 1,
    window: 6,
    positionsFrom: 'end',
    timeAttention: false,
    baskets: false,
  } as const;
  const { sasrec } = backbones;
  const specs = [
    {
      name: itemEmbedding,
      shape: [shape.items, shape.dimension],
      initialiser: { kind: 'normal' as const, deviation: 1 },
    },
    ...sasrec.parameterSpecs(shape),
    ...supervisedHeadSpecs('tied', sasrec, shape),
  ];
  const encoded = encodeModel({
    backbone: 'sasrec',
    shape,
    excludeHistory: false,
    weights: initialise(specs, seed, 'model'),
  });
  const prefix = runs.modelPrefix(run, 'small');
  const keys = serving.modelFiles(prefix);
  await objects.putJson(keys.description, encoded.description);
  await objects.putBytes(keys.weights, encoded.weights);
  await objects.putJson(keys.vocabulary, itemIds);
  const champion: Champion = {
    run,
    name: 'small',
    judged: prefix,
    serving: prefix,
    ndcg10: 0.1,
    promotedAt: '2026-11-23T05:00:00.000Z',
  };
  await objects.putJson(serving.champion, champion);
  return champion;
}
