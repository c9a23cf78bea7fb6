import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import type { HistoryKind, PriorConfig } from '#lib/contracts/config/training.ts';
import { type CountedEvents, planCounting } from '#lib/popularity/as-of.ts';
import type { RecommenderModel } from '#lib/recommender/model-file.ts';
import { networkComponent } from '#lib/recommender/network-component.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { type Abroad, beyond, goAbroad } from './beyond.ts';
import { type BlendInput, type BlendWeights, type RankedLists, rankBlends } from './blend.ts';
import { fitBlends } from './fit-blend.ts';
import { moderatorsOf } from './moderators.ts';
import { forItems, type NetworkHistories } from './network-histories.ts';
import { stepsOf, weightsOfStep } from './network-parts.ts';
import { historyComponent, unseenComponent } from './rivals/evidence.ts';
import { chooseHalfLife } from './rivals/recent-popularity.ts';

/** Seconds. */
const day = 86_400;
/** Items of a case's list. */
const listLength = 10;

/** How a network's scores are joined with what else knows histories and with recent popularity, see `blend.ts`. */
export interface NetworkBlend {
  readonly components: readonly ('network' | HistoryKind | 'unseen')[];
  /** Seconds; `Infinity` counts all time. */
  readonly halfLives: readonly number[];
  readonly epsilon: number;
  readonly moderators: readonly ('absence' | 'recency')[];
  /** When counts were read while the weights were fitted. */
  readonly asOf: PriorConfig['asOf'];
  /** Place in `halfLives` of the counts that moderator `recency` looks at. */
  readonly recencyHalfLife: number;
  /** `[1 + moderators][components + halfLives]` */
  readonly weights: readonly (readonly number[])[];
}

/** A network as it is served. */
export interface BlendedNetwork {
  readonly network: RecommenderModel;
  /** Undefined for scores that know nothing of time. */
  readonly blend: NetworkBlend | undefined;
  /** There if some are components of the blend. */
  readonly histories: NetworkHistories | undefined;
}

/** What is known of everybody, in the model's vocabulary. */
export interface NetworkWorld {
  readonly events: CountedEvents;
  readonly split: SequencesConfig['split'];
}

/** What answers test cases where it is not what validation was judged with: the same, fitted on validation's actions too. */
export interface FittedForTest {
  readonly network: RecommenderModel;
  readonly histories: NetworkHistories | undefined;
}

/** A network as it is served, and what it shows on the held-out cases. */
export interface JudgedNetwork {
  readonly served: BlendedNetwork;
  /** Each user's ranks come from weights that were learned from other users. */
  readonly validation: RankedLists;
  readonly test: RankedLists;
  /** What each part of the blend added; the last has all of it, and nothing is there without a blend. */
  readonly parts: readonly JudgedPart[];
}

/** A blend up to one of its parts, with weights fitted for just these, on the test cases. */
export interface JudgedPart {
  /** See `BlendStep`. */
  readonly added: string;
  /** `[cases]` */
  readonly ranks: Int32Array;
}

/**
 * Joins a trained network with recent popularity, if it is to be, by weights fitted on the validation cases, with the
 * half-life of which counting alone makes the most of them, and ranks all cases. Test cases are never fitted on.
 *
 * @param histories undefined if none is to take part
 * @param prior undefined for scores that know nothing of time
 * @param forTest the same network and histories as they answer test cases, and are handed back. @default - the same
 */
export function judgeNetwork(
  network: RecommenderModel,
  histories: NetworkHistories | undefined,
  prior: PriorConfig | undefined,
  world: NetworkWorld,
  { validation, test }: { readonly validation: EvaluationCases; readonly test: EvaluationCases },
  forTest: FittedForTest = { network, histories },
): JudgedNetwork {
  if (prior === undefined) {
    const alone = { network, histories: undefined, blend: undefined };
    const served = { ...alone, network: forTest.network };
    return {
      served,
      validation: rankNetwork(alone, world, validation),
      test: rankNetwork(served, world, test),
      parts: [],
    };
  }
  const known = histories && forItems(histories, network.shape.items);
  const unfitted = blendOf(known, withBestHalfLife(prior, network, world, validation));
  const home = atHome(network, world.events, validation);
  const best = withInput(network, known, unfitted, world.split, home, (input) => {
    const steps = stepsOf(unfitted);
    const fitted = fitBlends(
      input,
      steps.map(({ columns }) => columns),
    );
    const whole = fitted.at(-1)!;
    const kept = (weights: BlendWeights) => withCountsShare(weights, unfitted, prior.countsShare);
    const [ranked] = rankBlends(input, [
      (index) => kept(whole.weightsFor(validation.users[index]!)),
    ]);
    return {
      blend: { ...unfitted, weights: rowsOf(kept(whole.weights), unfitted) },
      parts: steps.map((step, at) => ({
        added: step.added,
        weights: kept(weightsOfStep(step, fitted[at]!.weights)),
      })),
      ranked: ranked!,
    };
  });
  const served = {
    network: forTest.network,
    histories: forTest.histories && forItems(forTest.histories, network.shape.items),
    blend: best.blend,
  };
  const atTest = atHome(served.network, world.events, test);
  const onTest = withInput(
    served.network,
    served.histories,
    best.blend,
    world.split,
    atTest,
    (input) =>
      rankBlends(
        input,
        best.parts.map(
          ({ weights }) =>
            () =>
              weights,
        ),
        // Of the last, which is served, lists are wanted too.
        best.parts.map((_, at) => (at === best.parts.length - 1 ? listLength : 0)),
      ),
  );
  return {
    served,
    validation: best.ranked,
    test: onTest.at(-1)!,
    parts: best.parts.map(({ added }, at) => ({ added, ranks: onTest[at]!.ranks })),
  };
}

/** With the one half-life of which counting alone makes the most on validation, as the rivals choose theirs. */
function withBestHalfLife(
  prior: PriorConfig,
  { shape, excludeHistory }: RecommenderModel,
  { events, split }: NetworkWorld,
  validation: EvaluationCases,
): PriorConfig {
  if (prior.halfLives.length === 1) return prior;
  const counting = planCounting(events, validation.times, prior.asOf, split);
  const tried = prior.halfLives.map(inSeconds);
  const { best } = chooseHalfLife(validation, counting, shape.items, excludeHistory, tried);
  return { ...prior, halfLives: [prior.halfLives[best]!] };
}

/** A half-life of the configuration, null for all time. */
export const inSeconds = (days: number | null) =>
  days === null ? Number.POSITIVE_INFINITY : days * day;

/** A network by itself. */
const plainBlend: NetworkBlend = {
  components: ['network'],
  halfLives: [],
  epsilon: 1,
  moderators: [],
  asOf: 'request',
  recencyHalfLife: 0,
  weights: [[1]],
};

/**
 * Ranks cases of another night, in another vocabulary, with a network and the weights that were fitted for it.
 *
 * @param itemIds of the cases' and events' vocabulary
 * @param vocabulary of the network
 * @returns ranks alone
 */
export function rankNetworkAbroad(
  served: BlendedNetwork,
  { events, split }: NetworkWorld,
  cases: EvaluationCases,
  itemIds: readonly string[],
  vocabulary: readonly string[],
): Int32Array {
  const hasCounts = (served.blend?.halfLives.length ?? 0) > 0;
  const abroad = goAbroad(cases, events, itemIds, vocabulary, hasCounts);
  return rank(served, split, abroad, 0).ranks;
}

/** Ranks cases with a network and the weights that were fitted for it. */
export function rankNetwork(
  served: BlendedNetwork,
  { events, split }: NetworkWorld,
  cases: EvaluationCases,
): RankedLists {
  return rank(served, split, atHome(served.network, events, cases), listLength);
}

/** Cases in the network's own vocabulary. */
function atHome(
  { shape }: RecommenderModel,
  events: CountedEvents,
  cases: EvaluationCases,
): Abroad {
  return { seen: cases, cases, events, known: shape.items, items: shape.items };
}

function rank(
  { network, histories, blend = plainBlend }: BlendedNetwork,
  split: NetworkWorld['split'],
  abroad: Abroad,
  lists: number,
): RankedLists {
  const weights = Float64Array.from(blend.weights.flat());
  return withInput(network, histories, blend, split, abroad, (input) => {
    return rankBlends(input, [() => weights], lists)[0]!;
  });
}

function blendOf(
  histories: NetworkHistories | undefined,
  { halfLives, epsilon, moderators, asOf }: PriorConfig,
): NetworkBlend {
  return {
    components: [
      'network',
      ...(histories?.scorers ?? []).map(({ kind }) => kind),
      ...(histories?.trainingCounts.includes(0) ? (['unseen'] as const) : []),
    ],
    halfLives: halfLives.map(inSeconds),
    epsilon,
    moderators,
    asOf,
    recencyHalfLife: 0,
    weights: [],
  };
}

const widthOf = ({ components, halfLives }: NetworkBlend) => components.length + halfLives.length;

/** The same weights, those of the counts and what moderators add to them times a share. */
function withCountsShare(weights: BlendWeights, blend: NetworkBlend, share: number): BlendWeights {
  const { length } = blend.components;
  const width = widthOf(blend);
  return weights.map((weight, column) => (column % width >= length ? share * weight : weight));
}

function rowsOf(weights: BlendWeights, blend: NetworkBlend): number[][] {
  const size = widthOf(blend);
  return Array.from({ length: 1 + blend.moderators.length }, (_, row) => [
    ...weights.subarray(row * size, (row + 1) * size),
  ]);
}

function withInput<Result>(
  model: RecommenderModel,
  histories: NetworkHistories | undefined,
  blend: NetworkBlend,
  split: NetworkWorld['split'],
  abroad: Abroad,
  use: (input: BlendInput) => Result,
): Result {
  const { seen, cases, events, known, items } = abroad;
  const counting = planCounting(events, cases.times, blend.asOf, split);
  const network = networkComponent(model, seen, counting.times);
  try {
    const componentOf = (name: NetworkBlend['components'][number]) => {
      if (name === 'network') return network;
      const { scorers, trainingCounts } = histories!;
      if (name === 'unseen') return unseenComponent(trainingCounts);
      const scorer = scorers.find(({ kind }) => kind === name)!;
      return historyComponent(scorer, 'lift', trainingCounts, seen, model.shape.window);
    };
    const components = blend.components.map((name) => beyond(componentOf(name), abroad));
    const moderators = moderatorsOf({ cases: seen, components }, blend.recencyHalfLife, known);
    return use({
      cases,
      components,
      counting,
      items,
      excludeHistory: model.excludeHistory,
      counts: { halfLives: blend.halfLives, epsilon: blend.epsilon },
      moderators: blend.moderators.map((name) => moderators.find((one) => one.name === name)!),
    });
  } finally {
    network.dispose();
  }
}
