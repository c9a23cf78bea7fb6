import { requestOffsets, takenBefore } from '#lib/sequences/evaluation-cases.ts';
import { hash32 } from '#lib/sequences/hash32.ts';
import { type BlendInput, type BlendWeights, visitRequests } from './blend.ts';
import { type ChoiceSets, fitConditionalLogit } from './conditional-logit.ts';
import { Shortlist } from './shortlist.ts';

/** How weights are learned; the defaults are those of every night. */
export interface FitSettings {
  /** Requests to learn from, at most: the weights are few. Users are taken whole, by a hash of their ids. */
  readonly maximumRequests: number;
  /** Items that each component and half-life puts forward. */
  readonly candidates: number;
  /** See `fitConditionalLogit`. */
  readonly ridge: number;
}

export const fitSettings: FitSettings = { maximumRequests: 4000, candidates: 20, ridge: 1e-3 };

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
 * Learns the weights of several blends of the same components and half-lives from validation cases, deterministically:
 * those with which a softmax makes the actions most likely (a conditional logit). The softmax is over the candidates,
 * the first items of every list that goes into the blend, and only requests whose action is among them count: the
 * weights decide the order at the head of a list, and a softmax over the catalogue would mostly learn to tell the tail
 * apart, where nobody looks. No weight is below 0, so that an item that nothing speaks for stays behind; those of the
 * moderators may be.
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
  const plain = input.components.length + input.counts.halfLives.length;
  const features = plain * (1 + (input.moderators ?? []).length);
  const offsets = [0];
  const values: Float32Array[] = [];
  const proposers: Int32Array[] = [];
  const chosen: Float32Array[] = [];
  const users: string[] = [];
  const candidates = new Candidates(items, settings.candidates);
  visitRequests(
    input,
    (begin, end, rows, moderation) => {
      const taken = input.excludeHistory ? takenBefore(cases, begin) : new Set<number>();
      const proposed = candidates.propose(rows, taken);
      const own = new Float32Array(proposed.size * features);
      const places = new Map<number, number>();
      for (const item of proposed.keys()) {
        const at = places.size * features;
        places.set(item, places.size);
        moderation.forEach((value, m) => {
          rows.forEach((row, feature) => {
            own[at + m * plain + feature] = value * row[item]!;
          });
        });
      }
      const shares = new Float32Array(proposed.size);
      for (let index = begin; index < end; index++) {
        const place = places.get(cases.targets[index]!);
        if (place !== undefined) shares[place]! += 1 / (end - begin);
      }
      if (!shares.some((share) => share > 0)) return;
      values.push(own);
      proposers.push(Int32Array.from(proposed.values()));
      chosen.push(shares);
      users.push(cases.users[begin]!);
      offsets.push(offsets.at(-1)! + proposed.size);
    },
    sampleRequests(input, settings.maximumRequests),
  );
  return {
    users,
    choices: {
      features,
      signed: plain,
      offsets: Int32Array.from(offsets),
      values: joined(values, (length) => new Float32Array(length)),
      proposers: joined(proposers, (length) => new Int32Array(length)),
      chosen: joined(chosen, (length) => new Float32Array(length)),
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

/** The first items of every row; keeps its memory from request to request. */
class Candidates {
  readonly #top: Shortlist;
  readonly #isTaken: Uint8Array;

  constructor(items: number, size: number) {
    this.#top = new Shortlist(size);
    this.#isTaken = new Uint8Array(items + 1);
  }

  /** @returns for each item put forward, which rows did: bit `k` for row `k` */
  propose(rows: readonly Float64Array[], taken: ReadonlySet<number>): Map<number, number> {
    const proposed = new Map<number, number>();
    for (const item of taken) this.#isTaken[item] = 1;
    rows.forEach((row, at) => {
      this.#top.clear();
      let least = Number.NEGATIVE_INFINITY;
      for (let item = 1; item < row.length; item++) {
        if (!(row[item]! > least) || this.#isTaken[item] === 1) continue;
        this.#top.offer(item, row[item]!);
        least = this.#top.least;
      }
      for (const item of this.#top.items) {
        if (item > 0) proposed.set(item, (proposed.get(item) ?? 0) | (1 << at));
      }
    });
    for (const item of taken) this.#isTaken[item] = 0;
    return proposed;
  }
}

function joined<T extends Float32Array | Int32Array>(
  parts: readonly T[],
  create: (length: number) => T,
): T {
  const whole = create(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
