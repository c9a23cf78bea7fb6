import * as z from 'zod';
import { ContractError, ValidationError } from '#lib/contracts/errors.ts';
import { absence, recency } from '#lib/evaluation/moderators.ts';
import type { FreshCounts } from '#lib/popularity/fresh-counts.ts';
import { createRanking } from './create-ranking.ts';
import { Prior } from './prior.ts';
import type { RankedItems, Ranking, RankingRequest } from './ranking.ts';
import {
  type Asked,
  expectTimes,
  type Recommendation,
  type SimilarItems,
  type Wanted,
} from './recommendation.ts';
import type { KnownHistory } from './scorers.ts';
import { type RecommenderFiles, readServed, type Served } from './served-model.ts';
import { createSimilarity, type Similarity } from './similar.ts';
import { topItems } from './top-items.ts';

export interface RecommenderOptions {
  /** Histories that are scored at once by `recommendAll`, at most; memory grows with it. @default 1 */
  readonly batch?: number;
  /** Counts to begin with, see `setCounts`. */
  readonly counts?: FreshCounts | undefined;
  /** Size of a vocabulary from which most items are passed over by bounds of their scores, see `createRanking`. */
  readonly boundedFrom?: number;
}

const none: ReadonlySet<number> = new Set();

const vocabularySchema = z.array(z.string().min(1)).min(1);
/**
 * Top-k recommendations from a promoted model, a network or any blend of components and fresh counts: no LLM, no native
 * library, no network.
 *
 * A history without any known item gets what is popular of late; while nothing has been counted, what is first in the
 * vocabulary, which is ordered by occurrences in the training sequences. Items that have left the catalogue are never
 * shown. Where counts play a part, items that the vocabulary lacks are shown too: the components take them for rare ones.
 */
export class Recommender {
  readonly #served: Served;
  readonly #ranking: Ranking;
  readonly #batch: number;
  readonly #itemIds: readonly string[];
  readonly #indices: ReadonlyMap<string, number>;
  #prior: Prior;
  #hasCounts: boolean;
  #similarity: Similarity | undefined;

  /** @throws ContractError if the files do not follow their contract or do not belong together */
  constructor(
    files: RecommenderFiles,
    { batch = 1, counts, boundedFrom }: RecommenderOptions = {},
  ) {
    this.#served = readServed(files);
    const vocabulary = vocabularySchema.safeParse(files.vocabulary);
    if (!vocabulary.success) {
      throw new ContractError(
        `vocabulary.json is not a list of item ids: ${z.prettifyError(vocabulary.error)}`,
      );
    }
    this.#itemIds = vocabulary.data;
    if (this.#itemIds.length !== this.#served.items) {
      throw new ContractError(
        `vocabulary.json has ${this.#itemIds.length} items, but model.json says ${this.#served.items}; they are not of one model.`,
      );
    }
    this.#indices = new Map(this.#itemIds.map((id, place) => [id, place + 1]));
    this.#batch = batch;
    this.#prior = this.#priorOf(counts);
    this.#ranking = createRanking(this.#served, this.#prior, boundedFrom);
    this.#hasCounts = counts !== undefined;
  }

  /** Number of items that can be recommended after a history. */
  get items(): number {
    const known = this.#itemIds.length + (this.#prior.isUsed ? this.#prior.extraIds.length : 0);
    return known - [...this.#prior.left].filter((item) => item <= known).length;
  }

  /** Whether lists leave out the items of the history. */
  get excludesHistory(): boolean {
    return this.#served.excludeHistory;
  }

  /** Takes in what has been counted since. */
  setCounts(counts: FreshCounts): void {
    this.#prior = this.#priorOf(counts);
    this.#ranking.setPrior(this.#prior);
    this.#hasCounts = true;
  }

  /**
   * Recommends items after one history.
   *
   * @param count length of the list; shorter if there are not as many items
   * @throws ValidationError if `count` is not a positive integer
   */
  recommend(asked: Asked, count: number): Recommendation {
    return this.recommendAll([asked], count)[0]!;
  }

  /** Recommends items after each of many histories; the order of the lists is that of the histories. */
  recommendAll(asked: readonly Asked[], count: number): Recommendation[] {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new ValidationError(
        `A list must have at least 1 item (an integer), not ${count}: change the count asked for.`,
      );
    }
    const now = Date.now() / 1000;
    const known = asked.map((one) => this.#look(one, now));
    const lists = new Array<Recommendation>(asked.length);
    const scored: number[] = [];
    known.forEach((one, index) => {
      if (one.items.length > 0) scored.push(index);
      else lists[index] = this.#mostPopular(count, one);
    });
    // Those of a batch are encoded at the length of its longest.
    scored.sort((a, b) => known[a]!.items.length - known[b]!.items.length);
    for (let begin = 0; begin < scored.length; begin += this.#batch) {
      const some = scored.slice(begin, begin + this.#batch);
      const requests = some.map((index) => this.#requestOf(known[index]!));
      this.#ranking.rank(requests, count).forEach((ranked, row) => {
        lists[some[row]!] = this.#listOf(ranked, known[some[row]!]!);
      });
    }
    return lists;
  }

  /**
   * Items that resemble one, whoever asks.
   *
   * @param count length of the list; shorter if fewer items resemble it
   * @returns undefined for an item of which the model has learned nothing
   */
  similar(id: string, count: number, wanted: Wanted = {}): SimilarItems | undefined {
    const item = this.#indices.get(id);
    if (item === undefined) return undefined;
    this.#similarity ??= createSimilarity(this.#served);
    const { source, scores } = this.#similarity;
    const excluded = new Set([...this.#prior.left, item, ...this.#known(wanted.exclude)]);
    const only = wanted.only && [...this.#known(wanted.only)];
    const resembling = scores(item);
    const best = topItems(resembling, count, excluded, only);
    const items = Array.from(best, (other) => {
      return { item_id: this.#idOf(other), score: resembling[other - 1]! };
    });
    return { items, source };
  }

  /** Frees the backend's memory; the recommender cannot be used any more. */
  dispose(): void {
    this.#ranking.dispose();
  }

  #priorOf(counts: FreshCounts | undefined): Prior {
    return new Prior(counts, this.#itemIds, this.#indices, this.#served.counts);
  }

  #look(asked: Asked, now: number): Known {
    const { history, earlier = [], time = now, historyTimes } = asked;
    expectTimes(history, historyTimes);
    const { lastActionTime = historyTimes?.at(-1) } = asked;
    const items: number[] = [];
    const times: number[] = [];
    const unknownItems = new Set<string>();
    history.forEach((id, place) => {
      const index = this.#indices.get(id);
      if (index === undefined) unknownItems.add(id);
      else {
        items.push(index);
        if (historyTimes !== undefined) times.push(historyTimes[place]!);
      }
    });
    const excluded = new Set<number>();
    if (asked.excludeSeen ?? this.#served.excludeHistory) {
      for (const item of items) excluded.add(item);
      for (const item of this.#known([...unknownItems, ...earlier])) excluded.add(item);
    }
    for (const item of this.#known(asked.exclude)) excluded.add(item);
    const only = asked.only && [...this.#known(asked.only, unknownItems)];
    const left = asked.showLeft === true ? none : this.#prior.left;
    const away = lastActionTime === undefined ? undefined : time - lastActionTime;
    return {
      items,
      times: historyTimes && times,
      isAllowed: (item) => !excluded.has(item) && !left.has(item),
      only,
      unknownItems: [...unknownItems],
      request: time,
      away,
    };
  }

  /**
   * Indices of items, each once, those that only the counts know included.
   *
   * @param unknown takes in the ids that nobody knows
   */
  #known(ids: readonly string[] = [], unknown?: Set<string>): Set<number> {
    const items = new Set<number>();
    for (const id of ids) {
      const item = this.#indices.get(id) ?? this.#prior.extraIndex(id);
      if (item > 0) items.add(item);
      else unknown?.add(id);
    }
    return items;
  }

  /** The weights of one request: those of the model, and what its moderators add; none below 0. */
  #moderate(plain: readonly number[], { items, away }: Known): number[] {
    const values = this.#served.moderators.map(({ kind, term }) =>
      kind === 'absence'
        ? absence(away)
        : recency(items, this.#prior.logs[term]!, this.#prior.meanLog(term)),
    );
    return plain.map((weight, place) =>
      Math.max(
        0,
        this.#served.moderators.reduce(
          (sum, { weights }, which) => sum + values[which]! * weights[place]!,
          weight,
        ),
      ),
    );
  }

  #requestOf(known: Known): RankingRequest {
    const { components, counts, moderators } = this.#served;
    const plain = [...components, ...counts.terms].map(({ weight }) => weight);
    const weights = moderators.length === 0 ? plain : this.#moderate(plain, known);
    return { history: known, weights, isAllowed: known.isAllowed, only: known.only };
  }

  #listOf({ items, scores }: RankedItems, { unknownItems }: Known): Recommendation {
    return {
      items: Array.from(items, (item, place) => ({
        item_id: this.#idOf(item),
        score: scores[place]!,
        source: this.#isCold(item) ? 'cold item' : 'model',
      })),
      source: 'model',
      unknownItems,
    };
  }

  #mostPopular(count: number, { isAllowed, only, unknownItems }: Known): Recommendation {
    const popularity = this.#hasCounts
      ? this.#prior.popularity
      : new Float64Array(this.#itemIds.length);
    const best = topItems(popularity, count, { has: (item) => !isAllowed(item) }, only);
    const items = Array.from(best, (item) => {
      return { item_id: this.#idOf(item), source: 'popularity' as const };
    });
    return { items, source: 'popularity', unknownItems };
  }

  #isCold(item: number): boolean {
    return item > this.#itemIds.length || this.#served.trainingCounts?.[item - 1] === 0;
  }

  #idOf(item: number): string {
    return this.#itemIds[item - 1] ?? this.#prior.extraIds[item - 1 - this.#itemIds.length]!;
  }
}

/** `items` may be none. */
interface Known extends KnownHistory {
  /** Whether the list may have an item. */
  readonly isAllowed: (item: number) => boolean;
  /** Item indices that it is made of; undefined for all. */
  readonly only: readonly number[] | undefined;
  readonly unknownItems: readonly string[];
  /** Seconds since the last action; undefined if nobody knows. */
  readonly away: number | undefined;
}
