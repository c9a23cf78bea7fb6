import { ContractError } from '#lib/contracts/errors.ts';
import type { BlendedNetwork } from '#lib/evaluation/network-blend.ts';
import { decodeModel, encodeModel } from '#lib/recommender/model-file.ts';
import { type BlendPart, decodeBlend, encodeBlend, isBlend } from '#lib/serving/blend-file.ts';

/** `model.json` and `weights.bin` (docs/contracts.md, 6): of a network alone, or of what it is joined with. */
export function encodeNetwork({ network, blend, histories }: BlendedNetwork): {
  readonly description: object;
  readonly weights: Uint8Array;
} {
  const own = encodeModel(network);
  if (blend === undefined) return own;
  const [plain, ...moderated] = blend.weights;
  const inFile = (halfLife: number) => (halfLife === Number.POSITIVE_INFINITY ? null : halfLife);
  return encodeBlend({
    items: network.shape.items,
    window: network.shape.window,
    excludeHistory: network.excludeHistory,
    ...(histories && { trainingCounts: histories.trainingCounts }),
    components: blend.components.map((name, place): BlendPart => {
      const weight = plain![place]!;
      if (name === 'unseen') return { kind: 'unseen', weight };
      if (name === 'network') {
        return { kind: 'network', weight, description: own.description, weights: own.weights };
      }
      const scorer = histories!.scorers.find(({ kind }) => kind === name)!;
      return { kind: 'history', weight, scale: 'lift', scorer };
    }),
    counts: {
      epsilon: blend.epsilon,
      terms: blend.halfLives.map((halfLife, place) => ({
        halfLife: inFile(halfLife),
        weight: plain![blend.components.length + place]!,
      })),
    },
    moderators: blend.moderators.map((kind, place) => ({
      kind,
      term: blend.recencyHalfLife,
      weights: [...moderated[place]!],
    })),
    countedAsOf: blend.asOf,
  });
}

/**
 * Reads what `encodeNetwork` wrote.
 *
 * @throws ContractError if the files are not those of a network, alone or joined
 */
export function decodeNetwork(json: unknown, bytes: Uint8Array): BlendedNetwork {
  if (!isBlend(json)) {
    return { network: decodeModel(json, bytes), blend: undefined, histories: undefined };
  }
  const blend = decodeBlend(json, bytes);
  const { components, counts, trainingCounts, moderators = [], countedAsOf = 'request' } = blend;
  const network = components.find((part) => part.kind === 'network');
  const scorers = components.flatMap((part) => (part.kind === 'history' ? [part.scorer] : []));
  if (network === undefined) {
    throw new ContractError(
      'model.json is that of a blend without a network, which has none to score.',
    );
  }
  const names = components.map((part) => {
    if (part.kind !== 'history') return part.kind;
    if (part.scale === 'lift') return part.scorer.kind;
    throw new ContractError(
      `A network is joined with what a history says beyond popularity (lift), not with the ${part.scale} of ${part.scorer.kind}.`,
    );
  });
  const plain = [...components, ...counts.terms].map(({ weight }) => weight);
  return {
    network: decodeModel(network.description, network.weights),
    histories: scorers.length === 0 ? undefined : { scorers, trainingCounts: trainingCounts! },
    blend: {
      components: names,
      halfLives: counts.terms.map(({ halfLife }) => halfLife ?? Number.POSITIVE_INFINITY),
      epsilon: counts.epsilon,
      moderators: moderators.map(({ kind }) => kind),
      asOf: countedAsOf,
      recencyHalfLife: moderators[0]?.term ?? 0,
      weights: [plain, ...moderators.map(({ weights }) => weights)],
    },
  };
}
