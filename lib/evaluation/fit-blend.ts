import { randomStream } from '#lib/recommender/random.ts';
import { requestOffsets, takenBefore } from '#lib/sequences/evaluation-cases.ts';
import { hash32 } from '#lib/sequences/hash.ts';
import { type BlendInput, type BlendWeights, visitRequests } from './blend.ts';
import { type ChoiceSets, fitConditionalLogit } from './conditional-logit.ts';
import { TopItems } from './top-items.ts';

/** How weights are learned; the defaults are those of every night. */
export interface FitSettings {
  /** Requests to learn from, at most: the weights are few. Users are taken whole, by a hash of their ids. */
  readonly maximumRequests: number;
  /** Candidates that each component and half-life puts forward. */
  readonly headCandidates: number;
  /** Candidates drawn from all other items, each standing for its share of them. */
  readonly tailCandidates: number;
  /** See `fitConditionalLogit`. */
  readonly ridge: number;
}

export const fitSettings: FitSettings = {
  maximumRequests: 2000,
  headCandidates: 100,
  tailCandidates: 300,
  ridge: 1e-3,
};

/** Weights of one blend. */
export interface FittedBlend {
  /** Learned from all requests. */
  readonly weights: BlendWeights;
  /** For a user of validation: learned from the other half of the users, so that validation stays a fair judge. */
  weightsFor(user: string): BlendWeights;
}

/** Seeds of the hashes of user ids that decide who is learned from and in which half he is. */
const sampleSeed = 7;
const halfSeed = 11;

/**
 * Learns the weights of several blends of the same components and half-lives from validation cases: those with which a
 * softmax over the catalogue makes the actions most likely (a conditional logit). Deterministic.
 *
 * The sum over the catalogue is taken over the candidates of the highest scores in any respect and a systematic sample
 * of the rest, each of which counts for its share (McFadden's stratified sampling of alternatives); for a small
 * catalogue that is all of it.
 *
 * @param blends the components and half-lives of each, as places in the weights
 */
export function fitBlends(
  input: BlendInput,
  blends: readonly (readonly number[])[],
  settings: FitSettings = fitSettings,
): FittedBlend[] {
  const { choices, users } = collectChoices(input, settings);
  const halves = [0, 1].map((half) =>
    Int32Array.from(users.keys()).filter((set) => halfOf(users[set]!) === half),
  );
  return blends.map((columns) => {
    const [fromFirst, fromSecond] = halves.map((sets) =>
      fitConditionalLogit(choices, columns, settings.ridge, sets),
    );
    return {
      // From a half's weights on: the other way round a half would know a little of the other.
      weights: fitConditionalLogit(choices, columns, settings.ridge, undefined, fromFirst),
      weightsFor: (user) => (halfOf(user) === 0 ? fromSecond! : fromFirst!),
    };
  });
}

const halfOf = (user: string) => hash32(user, halfSeed) & 1;

/** The choices of a sample of requests, each among its candidates. */
export function collectChoices(
  input: BlendInput,
  settings: FitSettings,
): { readonly choices: ChoiceSets; readonly users: readonly string[] } {
  const { cases, items } = input;
  const features = input.components.length + input.counts.halfLives.length;
  const offsets = [0];
  const values: Float32Array[] = [];
  const multiplicities: Float32Array[] = [];
  const chosen: Float32Array[] = [];
  const users: string[] = [];
  const candidates = new Candidates(items, settings);
  visitRequests(
    input,
    (begin, end, rows) => {
      const taken = input.excludeHistory ? takenBefore(cases, begin) : new Set<number>();
      const targets = [...cases.targets.subarray(begin, end)].filter(
        (target) => target >= 1 && target <= items && !taken.has(target),
      );
      if (targets.length === 0) return;
      const { chosenItems, standFor } = candidates.choose(rows, targets, taken, begin);
      const own = new Float32Array(chosenItems.length * features);
      const shares = new Float32Array(chosenItems.length);
      chosenItems.forEach((item, at) => {
        rows.forEach((row, feature) => {
          own[at * features + feature] = row[item]!;
        });
      });
      // Candidates begin with the distinct targets.
      const places = new Map(chosenItems.slice(0, targets.length).map((item, at) => [item, at]));
      for (const target of targets) shares[places.get(target)!]! += 1 / targets.length;
      values.push(own);
      multiplicities.push(standFor);
      chosen.push(shares);
      users.push(cases.users[begin]!);
      offsets.push(offsets.at(-1)! + chosenItems.length);
    },
    sampleRequests(input, settings.maximumRequests),
  );
  return {
    users,
    choices: {
      features,
      offsets: Int32Array.from(offsets),
      values: joined(values),
      multiplicities: joined(multiplicities),
      chosen: joined(chosen),
    },
  };
}

/** First cases of the requests of so many users that there are at most `maximum` of them (at least one user's). */
function sampleRequests({ cases }: BlendInput, maximum: number): Int32Array {
  const begins = [...requestOffsets(cases).subarray(0, -1)];
  if (begins.length <= maximum) return Int32Array.from(begins);
  const key = (begin: number) => hash32(cases.users[begin]!, sampleSeed);
  const ordered = begins
    .map((begin) => ({ begin, key: key(begin), user: cases.users[begin]! }))
    .sort((a, b) => a.key - b.key || (a.user < b.user ? -1 : a.user > b.user ? 1 : 0));
  let end = maximum;
  while (end > 0 && ordered[end]!.user === ordered[end - 1]!.user) end--;
  if (end === 0) end = ordered.findLastIndex(({ user }) => user === ordered[0]!.user) + 1;
  return Int32Array.from(ordered.slice(0, end), ({ begin }) => begin);
}

/** Chooses candidates; keeps its memory from request to request. */
class Candidates {
  readonly #isIn: Uint8Array;
  readonly #top: TopItems;
  readonly #tail: number;

  constructor(items: number, { headCandidates, tailCandidates }: FitSettings) {
    this.#isIn = new Uint8Array(items + 1);
    this.#top = new TopItems(headCandidates);
    this.#tail = tailCandidates;
  }

  /** @returns the targets, each once, then others, and how many items each stands for */
  choose(
    rows: readonly Float64Array[],
    targets: readonly number[],
    taken: ReadonlySet<number>,
    request: number,
  ): { readonly chosenItems: number[]; readonly standFor: Float32Array } {
    const isIn = this.#isIn;
    isIn.fill(0);
    isIn[0] = 1;
    for (const item of taken) isIn[item] = 1; // no candidate, but not to be drawn either
    const head: number[] = [];
    const take = (item: number) => {
      if (isIn[item] === 1) return;
      isIn[item] = 1;
      head.push(item);
    };
    for (const target of targets) take(target);
    for (const row of rows) {
      this.#top.clear();
      let least = Number.NEGATIVE_INFINITY;
      for (let item = 1; item < row.length; item++) {
        if (!(row[item]! > least) || taken.has(item)) continue;
        this.#top.offer(item, row[item]!);
        least = this.#top.least;
      }
      for (const item of this.#top.items) if (item > 0) take(item);
    }
    const others: number[] = [];
    for (let item = 1; item < isIn.length; item++) if (isIn[item] === 0) others.push(item);
    const drawn = Math.min(this.#tail, others.length);
    const offset = randomStream(sampleSeed, 'tail', request).uniform();
    // Systematic sampling: evenly spaced, so popular and rare items are in it as in the catalogue.
    const tail = Array.from(
      { length: drawn },
      (_, place) => others[Math.floor(((place + offset) * others.length) / drawn)]!,
    );
    const standFor = new Float32Array(head.length + drawn).fill(1);
    standFor.fill(others.length / Math.max(1, drawn), head.length);
    return { chosenItems: [...head, ...tail], standFor };
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
