import { ContractError } from '#lib/contracts/errors.ts';
import { decodeModel, type RecommenderModel } from '#lib/recommender/model-file.ts';
import {
  type BlendModerator,
  type CountTerms,
  decodeBlend,
  type HistoryPart,
  isBlend,
} from './blend-file.ts';

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

/** What is added up, times its weight. */
export type ServedComponent =
  | { readonly kind: 'network'; readonly weight: number; readonly model: RecommenderModel }
  | HistoryPart
  /** 1 for items without a training action, 0 for others. */
  | { readonly kind: 'unseen'; readonly weight: number };

/** What a model is, whatever its form. */
export interface Served {
  readonly items: number;
  readonly excludeHistory: boolean;
  /** Longest history that tells components without a network anything. */
  readonly window: number;
  readonly components: readonly ServedComponent[];
  readonly counts: CountTerms;
  readonly moderators: readonly BlendModerator[];
  /** How often each item was taken in training, item `i` at place `i - 1`; undefined where the files do not say. */
  readonly trainingCounts: Int32Array | undefined;
  /** The network in it, if there is one, and what histories say without it. */
  readonly network: RecommenderModel | undefined;
  readonly histories: readonly HistoryPart[];
}

/** @throws ContractError if the files do not follow their contract */
export function readServed({ description, weights }: RecommenderFiles): Served {
  if (!isBlend(description)) {
    const model = decodeModel(description, weights);
    return {
      items: model.shape.items,
      excludeHistory: model.excludeHistory,
      window: model.shape.window,
      components: [{ kind: 'network', weight: 1, model }],
      counts: noCountTerms,
      moderators: [],
      trainingCounts: undefined,
      network: model,
      histories: [],
    };
  }
  const { items, excludeHistory, counts, window, trainingCounts, ...blend } = decodeBlend(
    description,
    weights,
  );
  const components = blend.components.map((part): ServedComponent => {
    if (part.kind !== 'network') return part;
    const model = decodeModel(part.description, part.weights);
    return { kind: 'network', weight: part.weight, model };
  });
  const networks = components.filter((part) => part.kind === 'network');
  if (networks.length > 1) {
    throw new ContractError(`model.json has ${networks.length} networks: one is served at most.`);
  }
  return {
    items,
    excludeHistory,
    window,
    components,
    counts,
    moderators: blend.moderators ?? [],
    trainingCounts,
    network: networks[0]?.model,
    histories: components.filter((part) => part.kind === 'history'),
  };
}
