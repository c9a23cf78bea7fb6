import { halfLives, usualHalfLife } from '#lib/contracts/half-lives.ts';
import type { FreshCounts } from '#lib/popularity/fresh-counts.ts';
import { writeLogs } from '#lib/popularity/log-counts.ts';
import type { CountTerms } from './blend-file.ts';

/** Seconds for which counts are taken to stand still: they change little, and logarithms take time. */
const step = 60;

/** What counts add to scores, `sum_h v_h log(c_h(item, t) + epsilon)`, and what is popular. */
export class Prior {
  /** Items with a count that the vocabulary lacks; their indices follow those of the vocabulary. */
  readonly extraIds: readonly string[];
  /** Whether counts play a part in scores, so that items which the vocabulary lacks can be told apart. */
  readonly isUsed: boolean;
  /** Numbers of items that have left the catalogue, from 1. */
  readonly left: ReadonlySet<number>;
  readonly #extraIndices: ReadonlyMap<string, number>;
  readonly #terms: readonly { readonly which: number; readonly weight: number }[];
  readonly #epsilon: number;
  readonly #asOf: number;
  /** `[half-lives][items + extras]` */
  readonly #counts: readonly Float64Array[];
  #logs: { readonly at: number; readonly values: readonly Float64Array[] } | undefined;
  #cached: { readonly at: number; readonly values: Float64Array } | undefined;
  #popular: { readonly at: number; readonly values: Float64Array } | undefined;

  /**
   * @param fresh undefined while nothing has been counted
   * @param itemIds of the vocabulary
   * @param indices their indices, from 1
   * @param terms of the model
   */
  constructor(
    fresh: FreshCounts | undefined,
    itemIds: readonly string[],
    indices: ReadonlyMap<string, number>,
    { epsilon, terms }: CountTerms,
  ) {
    const counts = fresh?.counts.counts ?? new Map<string, Float64Array>();
    this.isUsed = terms.length > 0;
    this.extraIds = [...counts.keys()].filter((id) => !indices.has(id)).sort();
    this.#extraIndices = new Map(
      this.extraIds.map((id, place) => [id, itemIds.length + place + 1]),
    );
    const size = itemIds.length + this.extraIds.length;
    this.#counts = halfLives.map(() => new Float64Array(size));
    for (const [id, own] of counts) {
      const at = (indices.get(id) ?? this.extraIndex(id)) - 1;
      for (let which = 0; which < own.length; which++) this.#counts[which]![at] = own[which]!;
    }
    const left = [...(fresh?.left ?? [])].map((id) => indices.get(id) ?? this.extraIndex(id));
    this.left = new Set(left.filter((item) => item > 0));
    this.#asOf = fresh?.counts.asOf ?? 0;
    this.#epsilon = epsilon;
    this.#terms = terms.map(({ halfLife, weight }) => {
      return { which: halfLives.indexOf(halfLife ?? Number.POSITIVE_INFINITY), weight };
    });
  }

  /** Index of an item that only the counts know; 0 for one that nobody knows. */
  extraIndex(id: string): number {
    return this.#extraIndices.get(id) ?? 0;
  }

  /** Added to the scores of all items, `[items + extras]`; only for reading. Undefined where counts play no part. */
  at(time: number): Float64Array | undefined {
    if (!this.isUsed) return undefined;
    const at = Math.floor(time / step) * step;
    if (this.#cached?.at !== at) this.#cached = { at, values: this.#sum(this.#terms, at) };
    return this.#cached.values;
  }

  /** The terms one by one, `log(c_h(item, t) + epsilon)`, `[terms][items + extras]`; only for reading. */
  logs(time: number): readonly Float64Array[] {
    const at = Math.floor(time / step) * step;
    if (this.#logs?.at !== at) {
      this.#logs = { at, values: this.#terms.map(({ which }) => this.#logsOf(which, at)) };
    }
    return this.#logs.values;
  }

  /** Recent popularity, for those of whom nothing is known: the model's own idea of it, or that of the last week or so. */
  popularity(time: number): Float64Array {
    const own = this.at(time);
    if (own !== undefined) return own;
    const at = Math.floor(time / step) * step;
    const usual = [{ which: halfLives.indexOf(usualHalfLife), weight: 1 }];
    if (this.#popular?.at !== at) this.#popular = { at, values: this.#sum(usual, at) };
    return this.#popular.values;
  }

  #sum(terms: readonly { readonly which: number; readonly weight: number }[], time: number) {
    const values = new Float64Array(this.#counts[0]!.length);
    for (const { which, weight } of terms) {
      const logs = this.#logsOf(which, time);
      for (let item = 0; item < values.length; item++) values[item]! += weight * logs[item]!;
    }
    return values;
  }

  /** `log(c_h(item, t) + epsilon)`, `[items + extras]` */
  #logsOf(which: number, time: number): Float64Array {
    const counts = this.#counts[which]!;
    const age = Math.max(0, time - this.#asOf);
    const logs = new Float64Array(counts.length);
    writeLogs(counts, 2 ** -(age / halfLives[which]!), this.#epsilon, logs);
    return logs;
  }
}
