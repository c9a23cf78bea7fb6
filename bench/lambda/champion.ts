import { resolveModel } from '#lib/contracts/config/presets.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { itemEmbedding } from '#lib/recommender/backbones/backbone.ts';
import { backbones } from '#lib/recommender/backbones/index.ts';
import { supervisedHeadSpecs } from '#lib/recommender/heads.ts';
import { encodeModel } from '#lib/recommender/model-file.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Makes a SASRec of the default size the champion. Its weights are random: they take as long as others.
 *
 * @param items size of the catalogue
 * @returns the window: how many items of a history matter
 */
export async function crown(objects: Objects, items: number): Promise<number> {
  const model = { name: 'bench', backbone: 'sasrec', objective: 'supervised' };
  const { training, sequences } = parseConfig({ training: { models: [model] } }, 'bench');
  const { dimension, blocks, heads } = resolveModel(training, training.models[0]!);
  const shape = {
    items,
    dimension,
    blocks,
    heads,
    window: sequences.window,
    positionsFrom: 'end',
    timeAttention: false,
    baskets: false,
  } as const;
  const { sasrec } = backbones;
  const specs = [
    {
      name: itemEmbedding,
      shape: [items, dimension],
      initialiser: { kind: 'normal' as const, deviation: 1 },
    },
    ...sasrec.parameterSpecs(shape),
    ...supervisedHeadSpecs('tied', sasrec, shape),
  ];
  const weights = initialise(specs, 1, 'model');
  const encoded = encodeModel({ backbone: 'sasrec', shape, excludeHistory: false, weights });
  const prefix = runs.modelPrefix('bench', 'bench');
  const keys = serving.modelFiles(prefix);
  await objects.putJson(keys.description, encoded.description);
  await objects.putBytes(keys.weights, encoded.weights);
  await objects.putJson(
    keys.vocabulary,
    Array.from({ length: items }, (_, item) => `item-${item}`),
  );
  await objects.putJson(serving.champion, {
    run: 'bench',
    name: 'bench',
    prefix,
    ndcg10: 0,
    promotedAt: '2026-01-01T00:00:00.000Z',
  });
  return sequences.window;
}
