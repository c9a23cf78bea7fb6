import { decodeModel, type RecommenderModel } from '#lib/recommender/model-file.ts';
import {
  type BlendModerator,
  type CountTerms,
  decodeBlend,
  type HistoryPart,
  isBlend,
} from './blend-file.ts';
import { historyScorer, networkScorer, type Scorer, unseenScorer } from './scorers.ts';

const noCountTerms: CountTerms = { epsilon: 1, terms: [] };

/** The three files of a promoted model (docs/contracts.md, 6). */
export interface RecommenderFiles {
  /** The parsed `model.json`. */
  readonly description: unknown;
  /** `weights.bin`. */
  readonly weights: Uint8Array;
  /** The parsed `vocabulary.json`: item ids, item `i` at place `i - 1`. */
  readonly vocabulary: unknown;
}

/** What a model is, whatever its form. */
export interface Served {
  readonly items: number;
  readonly excludeHistory: boolean;
  readonly components: readonly { readonly weight: number; readonly scorer: Scorer }[];
  readonly counts: CountTerms;
  readonly moderators: readonly BlendModerator[];
  /** How often each item was taken in training, item `i` at place `i - 1`; undefined where the files do not say. */
  readonly trainingCounts: Int32Array | undefined;
  /** The network in it, if there is one, and what histories say without it. */
  readonly network: RecommenderModel | undefined;
  readonly histories: readonly HistoryPart[];
}

/** @throws ContractError if the files do not follow their contract */
export function loadServed({ description, weights }: RecommenderFiles): Served {
  if (!isBlend(description)) {
    const model = decodeModel(description, weights);
    return {
      items: model.shape.items,
      excludeHistory: model.excludeHistory,
      components: [{ weight: 1, scorer: networkScorer(model) }],
      counts: noCountTerms,
      moderators: [],
      trainingCounts: undefined,
      network: model,
      histories: [],
    };
  }
  const blend = decodeBlend(description, weights);
  const { items, excludeHistory, counts, window, trainingCounts, moderators = [] } = blend;
  let network: RecommenderModel | undefined;
  const components = blend.components.map((part) => {
    if (part.kind === 'unseen') {
      return { weight: part.weight, scorer: unseenScorer(trainingCounts!) };
    }
    if (part.kind === 'history') {
      const scorer = historyScorer(part.scorer, part.scale, trainingCounts!, window);
      return { weight: part.weight, scorer };
    }
    network = decodeModel(part.description, part.weights);
    return { weight: part.weight, scorer: networkScorer(network) };
  });
  const histories = blend.components.filter((part) => part.kind === 'history');
  return {
    items,
    excludeHistory,
    components,
    counts,
    moderators,
    trainingCounts,
    network,
    histories,
  };
}
