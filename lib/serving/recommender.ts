import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { ContractError, ValidationError } from '#lib/contracts/errors.ts';
import { decodeModel, type RecommenderModel } from '#lib/recommender/model-file.ts';
import { type LoadedModel, loadModel, scoreItems } from '#lib/recommender/score.ts';
import { topItems } from './top-k.ts';

/** The three files of a promoted model (docs/contracts.md, 6). */
export interface RecommenderFiles {
  /** The parsed `model.json`. */
  readonly description: unknown;
  /** `weights.bin`. */
  readonly weights: Uint8Array;
  /** The parsed `vocabulary.json`: item ids, item `i` at place `i - 1`. */
  readonly vocabulary: unknown;
}

export interface RecommendedItem {
  readonly item_id: string;
  /** Logit of the supervised head; absent where the list is popularity's. Only comparable within one list. */
  readonly score?: number;
}

export interface Recommendation {
  /** Best first. */
  readonly items: readonly RecommendedItem[];
  /** `model`, or `popularity` where the history had no item that the model knows. */
  readonly source: 'model' | 'popularity';
  /** Items of the history that the model does not know, each once; they were skipped. */
  readonly unknownItems: readonly string[];
}

/** Whom to recommend to. */
export interface Asked {
  /** Item ids, oldest first; those beyond the model's window tell it nothing. */
  readonly history: readonly string[];
  /** Items taken before those: left out like them where lists leave the history out. */
  readonly earlier?: readonly string[];
}

const vocabularySchema = z.array(z.string().min(1)).min(1);

/**
 * Top-k recommendations from a promoted model: one forward pass of the very backbone that was trained, on whatever
 * TF.js backend is active (see `activateBackend`). No LLM, no native library, no network.
 *
 * A history without any known item gets the most popular items: the vocabulary is ordered by occurrences in the
 * training sequences, so popularity needs no other file, and a new user is not shown what an untrained empty state
 * happens to score high.
 */
export class Recommender {
  readonly #model: RecommenderModel;
  readonly #loaded: LoadedModel;
  readonly #batch: number;
  readonly #itemIds: readonly string[];
  readonly #indices: ReadonlyMap<string, number>;

  /**
   * @param batch histories that are scored at once by `recommendAll`, at most; memory grows with it
   * @throws ContractError if the files do not follow their contract or do not belong together
   */
  constructor(files: RecommenderFiles, { batch = 1 }: { readonly batch?: number } = {}) {
    this.#model = decodeModel(files.description, files.weights);
    const vocabulary = vocabularySchema.safeParse(files.vocabulary);
    if (!vocabulary.success) {
      throw new ContractError(
        `vocabulary.json is not a list of item ids: ${z.prettifyError(vocabulary.error)}`,
      );
    }
    this.#itemIds = vocabulary.data;
    if (this.#itemIds.length !== this.#model.shape.items) {
      throw new ContractError(
        `vocabulary.json has ${this.#itemIds.length} items, but model.json says ${this.#model.shape.items}; they are not of one model.`,
      );
    }
    this.#indices = new Map(this.#itemIds.map((id, place) => [id, place + 1]));
    this.#loaded = loadModel(this.#model);
    this.#batch = batch;
  }

  /** Number of items that can be recommended. */
  get items(): number {
    return this.#itemIds.length;
  }

  /** Whether lists leave out the items of the history. */
  get excludesHistory(): boolean {
    return this.#model.excludeHistory;
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
    const known = asked.map((one) => this.#look(one));
    const lists = new Array<Recommendation>(asked.length);
    const scored: number[] = [];
    known.forEach((one, index) => {
      if (one.items.length > 0) scored.push(index);
      else lists[index] = this.#mostPopular(count, one);
    });
    for (let begin = 0; begin < scored.length; begin += this.#batch) {
      const some = scored.slice(begin, begin + this.#batch);
      const scores = this.#score(some.map((index) => known[index]!.items)); // [some, items]
      some.forEach((index, row) => {
        const own = scores.subarray(row * this.items, (row + 1) * this.items);
        lists[index] = this.#best(own, count, known[index]!);
      });
    }
    return lists;
  }

  /** Frees the backend's memory; the recommender cannot be used any more. */
  dispose(): void {
    this.#loaded.dispose();
  }

  #look({ history, earlier = [] }: Asked): Known {
    const items: number[] = [];
    const unknownItems = new Set<string>();
    for (const id of history) {
      const index = this.#indices.get(id);
      if (index === undefined) unknownItems.add(id);
      else items.push(index);
    }
    const excluded = new Set<number>();
    if (this.#model.excludeHistory) {
      for (const item of items) excluded.add(item);
      for (const id of earlier) excluded.add(this.#indices.get(id) ?? 0);
    }
    return { items, excluded, unknownItems: [...unknownItems] };
  }

  /** Scores of all items after each history, `[histories, items]`; only as many places as the longest one needs. */
  #score(histories: readonly (readonly number[])[]): Float32Array {
    const last = histories.map((history) => history.slice(-this.#model.shape.window));
    const time = Math.max(...last.map((history) => history.length));
    const items = new Int32Array(last.length * time); // [histories, time]
    last.forEach((history, row) => {
      items.set(history, row * time);
    });
    const lengths = Int32Array.from(last, (history) => history.length);
    return tf.tidy(() =>
      scoreItems(
        this.#loaded,
        tf.tensor2d(items, [last.length, time], 'int32'),
        tf.tensor1d(lengths, 'int32'),
      ).dataSync<'float32'>(),
    );
  }

  #best(scores: Float32Array, count: number, { excluded, unknownItems }: Known): Recommendation {
    expectFinite(scores);
    const best = topItems(scores, count, excluded);
    return {
      items: Array.from(best, (item) => ({
        item_id: this.#itemIds[item - 1]!,
        score: scores[item - 1]!,
      })),
      source: 'model',
      unknownItems,
    };
  }

  #mostPopular(count: number, { excluded, unknownItems }: Known): Recommendation {
    const items: RecommendedItem[] = [];
    for (let item = 1; item <= this.items && items.length < count; item++) {
      if (!excluded.has(item)) items.push({ item_id: this.#itemIds[item - 1]! });
    }
    return { items, source: 'popularity', unknownItems };
  }
}

interface Known {
  /** Item indices, oldest first. */
  readonly items: readonly number[];
  /** Item indices that the list leaves out. */
  readonly excluded: ReadonlySet<number>;
  readonly unknownItems: readonly string[];
}

/** Not even one score: where one is no number, the others are not what was trained either. */
function expectFinite(scores: Float32Array): void {
  for (let item = 0; item < scores.length; item++) {
    if (Number.isFinite(scores[item])) continue;
    throw new ContractError(
      `The model gives item ${item + 1} the score ${scores[item]}: its weights are damaged or its training diverged. Roll back to an earlier champion.`,
    );
  }
}
