import {
  chunk,
  group,
  type ItemVectors,
  largestCode,
  roundedDown,
  roundedUp,
  unit,
  writeInt8Vectors,
} from './int8-vectors.ts';
import { kernel } from './kernel.ts';

/** Scores beyond are not bounded: float32 ends at 3.4e38. */
const largestScore = 1e37;
/** Items that are looked at before the threshold is asked for again: few at first, when there is none yet. */
const fewAtOnce = 8 * group;
const manyAtOnce = 512 * group;
/** WebAssembly has 4 GiB of memory at most. */
const pageBytes = 65_536;
const mostPages = 65_536;

type Scan = (...args: number[]) => number;

/** As far as it is used here: Node.js's types leave it out. */
const { Instance, Module } = (
  globalThis as unknown as {
    WebAssembly: {
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object) => { readonly exports: Exports };
    };
  }
).WebAssembly;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void };
  readonly scan: Scan;
}

/**
 * Finds the items whose scores reach a threshold without scoring all of them: a first pass over an eighth of the bytes
 * gives every item an upper bound of its score, and only items whose bound reaches the threshold are scored.
 *
 *   score(i) = q . x_i + sum_t weight_t term_t[i]
 *
 * Of `x_i` there are int8 codes with a scale of their own, `x_i = s_i c_i + e_i`; the query is rounded to integers too,
 * `q = t k + f`, `|f| <= r |q|`. Sums of products of integers are exact, and by Cauchy and Schwarz
 *
 *   q . x_i <= t s_i (k . c_i) + |q| (|e_i| + r |s_i c_i|)
 *
 * What float32 may be wrong by is added, here and in the score that is compared: a product of two vectors of length D by at
 * most (D + 2) 2^-24 |q| |x_i| (Higham 2002, Accuracy and Stability of Numerical Algorithms, 3.1).
 */
export class ItemBounds {
  readonly #items: number;
  /** Whole chunks. */
  readonly #dimension: number;
  /** Largest integer of a query: no sum of products leaves 32 bits. */
  readonly #largest: number;
  readonly #buffer: ArrayBuffer;
  readonly #places: Places;
  readonly #scan: Scan;
  /** Longest vector plus what its codes are wrong by. */
  readonly #longest: number;
  /** No absolute value of a term is larger. */
  readonly #extents: number[];

  private constructor(vectors: ItemVectors, places: Places) {
    this.#items = vectors.values.length / vectors.dimension;
    this.#dimension = roundUp(vectors.dimension, chunk);
    this.#largest = Math.min(
      2 ** 15 - 1,
      Math.floor((2 ** 31 - 1) / (largestCode * this.#dimension)),
    );
    this.#places = places;
    this.#extents = places.terms.map(() => 0);
    const { memory, scan } = new Instance(new Module(kernel())).exports;
    memory.grow(Math.ceil(places.end / pageBytes));
    this.#buffer = memory.buffer;
    this.#scan = scan;
    const padded = roundUp(this.#items, group);
    this.#longest = writeInt8Vectors(vectors, this.#queryError, {
      codes: new Int8Array(this.#buffer, places.codes, padded * this.#dimension),
      scales: new Float32Array(this.#buffer, places.scales, padded),
      errors: new Float32Array(this.#buffer, places.errors, padded),
    });
  }

  /**
   * @param terms how many numbers an item has beside its vector; 0 until `setTerm` says them
   * @returns undefined where scores cannot be bounded: a number is not finite or too large, or WebAssembly's memory too small
   */
  static of(vectors: ItemVectors, terms: number): ItemBounds | undefined {
    const places = layOut(vectors, terms);
    if (places.end > (mostPages - 1) * pageBytes) return undefined;
    const bounds = new ItemBounds(vectors, places);
    return bounds.#longest <= largestScore ? bounds : undefined;
  }

  /** @param values `[items]` or more, item `i` at place `i - 1` */
  setTerm(term: number, values: ArrayLike<number>): void {
    const own = new Float32Array(this.#buffer, this.#places.terms[term]!, this.#items);
    let extent = 0;
    for (let at = 0; at < own.length; at++) {
      own[at] = values[at]!;
      const size = Math.abs(values[at]!);
      if (size > extent) extent = size;
    }
    this.#extents[term] = extent;
  }

  /**
   * Adds to some items' numbers of a term, for one search.
   *
   * @param items item indices, from 1, each once
   * @param by what is added, as `items`
   */
  addToTerm(term: number, items: Int32Array, by: Float64Array): void {
    const own = new Float32Array(this.#buffer, this.#places.terms[term]!, this.#items);
    let extent = 0;
    for (let at = 0; at < items.length; at++) {
      own[items[at]! - 1]! += by[at]!;
      const size = Math.abs(by[at]!);
      if (size > extent) extent = size;
    }
    this.#extents[term]! += extent;
  }

  /** Takes back what was added to a term that is 0 otherwise. */
  clearTerm(term: number, items: Int32Array): void {
    const own = new Float32Array(this.#buffer, this.#places.terms[term]!, this.#items);
    for (let at = 0; at < items.length; at++) own[items[at]! - 1] = 0;
    this.#extents[term] = 0;
  }

  /**
   * Looks at all items whose scores reach a threshold, and perhaps at some that do not, in ascending order.
   *
   * @param query `[dimension]`
   * @param weights of the terms
   * @param threshold asked for again and again, since it may grow with what was looked at
   * @param look takes an item index, from 1
   * @returns false where the scores cannot be bounded; nothing was looked at then
   */
  visit(
    query: Float64Array,
    weights: ArrayLike<number>,
    threshold: () => number,
    look: (item: number) => void,
  ): boolean {
    const length = Math.sqrt(query.reduce((sum, value) => sum + value * value, 0));
    const used = this.#extents.map((_, term) => term).filter((term) => weights[term] !== 0);
    let magnitude = 2 * length * this.#longest;
    for (const term of used) magnitude += Math.abs(weights[term]!) * this.#extents[term]!;
    if (!(magnitude <= largestScore)) return false;
    // Of storing terms as float32, of adding to them a few times, and of each product and sum with them.
    const slack = (4 * used.length + 32) * unit * magnitude + 1e-30 * (1 + length);
    const { codes, scales, errors, integers, uses, found } = this.#places;
    const scale = this.#writeQuery(query);
    this.#writeUses(used, weights);
    const places = new Int32Array(this.#buffer, found, manyAtOnce);
    const all = roundUp(this.#items, group);
    let begin = 0;
    for (let atOnce = fewAtOnce; begin < all; atOnce = Math.min(manyAtOnce, 2 * atOnce)) {
      const end = Math.min(all, begin + atOnce);
      const least = roundedDown(threshold() - slack);
      const [lists, listsEnd] = [uses, uses + 8 * used.length];
      const args = [codes, scales, errors, integers, scale, roundedUp(length), lists, listsEnd];
      const count = this.#scan(begin, end, this.#dimension, ...args, least, found);
      for (let at = 0; at < count; at++) look(places[at]! + 1);
      begin = end;
    }
    return true;
  }

  /** `r`: an integer is wrong by half its scale at most, which is no more than the query's length by the largest integer. */
  get #queryError(): number {
    return (0.501 * Math.sqrt(this.#dimension)) / this.#largest;
  }

  /** @returns the scale of the query's integers */
  #writeQuery(query: Float64Array): number {
    const most = query.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = roundedUp(most / this.#largest);
    const integers = new Int16Array(this.#buffer, this.#places.integers, this.#dimension);
    for (let at = 0; at < query.length; at++) {
      integers[at] = scale === 0 ? 0 : Math.round(query[at]! / scale);
    }
    return scale;
  }

  #writeUses(used: readonly number[], weights: ArrayLike<number>): void {
    const view = new DataView(this.#buffer, this.#places.uses);
    used.forEach((term, place) => {
      view.setUint32(8 * place, this.#places.terms[term]!, true);
      view.setFloat32(8 * place + 4, weights[term]!, true);
    });
  }
}

/** Where everything is in the kernel's memory, in bytes. */
interface Places {
  readonly found: number;
  readonly integers: number;
  /** Which terms a search uses: pairs of a place and a weight. */
  readonly uses: number;
  readonly codes: number;
  readonly scales: number;
  readonly errors: number;
  readonly terms: readonly number[];
  readonly end: number;
}

function layOut({ values, dimension }: ItemVectors, terms: number): Places {
  const items = roundUp(values.length / dimension, group);
  const padded = roundUp(dimension, chunk);
  let end = 0;
  const take = (bytes: number) => {
    const begin = end;
    end = roundUp(begin + bytes, 16);
    return begin;
  };
  return {
    found: take(4 * manyAtOnce),
    integers: take(2 * padded),
    uses: take(8 * terms),
    codes: take(items * padded),
    scales: take(4 * items),
    errors: take(4 * items),
    terms: Array.from({ length: terms }, () => take(4 * items)),
    end,
  };
}

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;
