import { resolveModel } from '#lib/contracts/config/presets.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { halfLives } from '#lib/contracts/half-lives.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { restoreScorer } from '#lib/evaluation/rivals/pair-scorer.ts';
import { encodeItemCounts } from '#lib/popularity/item-counts.ts';
import { itemEmbedding } from '#lib/recommender/backbones/backbone.ts';
import { backbones } from '#lib/recommender/backbones/index.ts';
import { supervisedHeadSpecs } from '#lib/recommender/heads.ts';
import { encodeModel } from '#lib/recommender/model-file.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { type BlendPart, encodeBlend } from '#lib/serving/blend-file.ts';
import type { Objects } from '#platform/objects.ts';

/** `network`: nothing else. `joined`: with all that the rivals are made of, recent counts and moderators, as nights make it. */
export type Champion = 'network' | 'joined';

/**
 * Makes a SASRec of the default size the champion. Its numbers are random: they take as long as others.
 *
 * @param items size of the catalogue
 * @returns the window: how many items of a history matter
 */
export async function crown(objects: Objects, items: number, kind: Champion): Promise<number> {
  const { description, weights, vocabulary, window } = filesOf(items, kind);
  await objects.putJson(serving.freshCounts, countsOf(items));
  const prefix = runs.modelPrefix('bench', 'bench');
  const keys = serving.modelFiles(prefix);
  await objects.putJson(keys.description, description);
  await objects.putBytes(keys.weights, weights);
  await objects.putJson(keys.vocabulary, vocabulary);
  await objects.putJson(serving.champion, {
    run: 'bench',
    name: 'bench',
    judged: prefix,
    serving: prefix,
    ndcg10: 0,
    promotedAt: '2026-01-01T00:00:00.000Z',
  });
  return window;
}

/** The files of such a model. */
export function filesOf(items: number, kind: Champion) {
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
  const network = encodeModel({ backbone: 'sasrec', shape, excludeHistory: false, weights });
  const encoded = kind === 'network' ? network : join(network, items, shape.window);
  return {
    ...encoded,
    vocabulary: Array.from({ length: items }, (_, item) => `item-${item}`),
    window: sequences.window,
  };
}

/** Pairs of each item, as many as are kept at most; of a large catalogue's items there are fewer. */
const pairs = 200;
const pairsInAll = 20_000_000;
/** Sessions, as many as are kept at most. */
const sessions = 20_000;
const sessionItems = 20;

function join(
  { description, weights }: ReturnType<typeof encodeModel>,
  items: number,
  window: number,
): ReturnType<typeof encodeBlend> {
  const random = randomStream(2, 'champion');
  const trainingCounts = Int32Array.from({ length: items }, () => 1 + random.integer(100));
  const kinds = ['sequential-rules', 'item-knn', 'ease', 'session-knn'] as const;
  const histories = kinds.map((kind): BlendPart => {
    const arrays = kind === 'session-knn' ? someSessions(random, items) : somePairs(random, items);
    const parameters = { decay: 0.75, baskets: 0, neighbours: 75 };
    const scorer = restoreScorer(kind, parameters, arrays, items);
    return { kind: 'history', weight: 0.3, scale: 'lift', scorer };
  });
  const width = kinds.length + 3;
  return encodeBlend({
    items,
    window,
    excludeHistory: true,
    trainingCounts,
    components: [
      { kind: 'network', weight: 0.3, description, weights },
      ...histories,
      { kind: 'unseen', weight: 0.3 },
    ],
    counts: { epsilon: 0.5, terms: [{ halfLife: halfLives[3]!, weight: 0.5 }] },
    moderators: (['absence', 'recency'] as const).map((moderator) => {
      return { kind: moderator, term: 0, weights: new Array<number>(width).fill(0.01) };
    }),
    countedAsOf: 'request',
  });
}

type Random = ReturnType<typeof randomStream>;

function somePairs(random: Random, items: number) {
  const own = Math.min(pairs, items, Math.max(1, Math.floor(pairsInAll / items)));
  const step = Math.max(1, Math.floor(items / own));
  const size = own * items;
  return {
    offsets: Int32Array.from({ length: items + 2 }, (_, item) => own * Math.max(0, item - 1)),
    items: Int32Array.from(
      { length: size },
      (_, at) => 1 + (at % own) * step + random.integer(step),
    ),
    strengths: Float32Array.from({ length: size }, () => 0.01 + random.uniform()),
  };
}

function someSessions(random: Random, items: number) {
  return {
    offsets: Int32Array.from({ length: sessions + 1 }, (_, session) => session * sessionItems),
    items: Int32Array.from({ length: sessions * sessionItems }, () => 1 + random.integer(items)),
  };
}

/** Recent counts of all items. */
export function countsOf(items: number) {
  const random = randomStream(3, 'counts');
  const counts = Array.from({ length: items }, (_, item) => {
    const own = Float64Array.from(halfLives, () => 10 * random.uniform());
    return [`item-${item}`, own] as const;
  });
  const file = encodeItemCounts({ asOf: 1_700_000_000, counts: new Map(counts) });
  return { ...file, base: null, uploads: [], left: [] };
}
