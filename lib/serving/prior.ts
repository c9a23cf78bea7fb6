import { halfLives, usualHalfLife } from '#lib/contracts/half-lives.ts';
import { meanOf } from '#lib/evaluation/moderators.ts';
import type { FreshCounts } from '#lib/popularity/fresh-counts.ts';
import { writeLogs } from '#lib/popularity/log-counts.ts';
import type { CountTerms } from './blend-file.ts';

/**
 * What counts add to scores, `sum_h v_h log(c_h(item) + epsilon)`, and what is popular. The counts are those of the newest
 * action that is known: were they decayed until the request, a log that ends some weeks earlier would leave nothing of
 * the short half-lives, although what was popular then is still the best guess. In evaluation, too, the newest action
 * before a request is seconds old.
 */
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
  /** `[half-lives][items + extras]` */
  readonly #counts: readonly Float64Array[];
  /** Items of the vocabulary. */
  readonly #known: number;
  readonly #means: number[] = [];
  #logs: readonly Float64Array[] | undefined;
  #total: Float64Array | undefined;
  #popular: Float64Array | undefined;

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
    this.#known = itemIds.length;
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
  get total(): Float64Array | undefined {
    if (this.isUsed) this.#total ??= this.#sum(this.#terms);
    return this.#total;
  }

  /** The terms one by one, `log(c_h(item) + epsilon)`, `[terms][items + extras]`; only for reading. */
  get logs(): readonly Float64Array[] {
    this.#logs ??= this.#terms.map(({ which }) => this.#logsOf(which));
    return this.#logs;
  }

  /** Mean of a term over the items of the vocabulary. */
  meanLog(term: number): number {
    this.#means[term] ??= meanOf(this.logs[term]!.subarray(0, this.#known));
    return this.#means[term]!;
  }

  /** Recent popularity, for those of whom nothing is known: the model's own idea of it, or that of the last week or so. */
  get popularity(): Float64Array {
    this.#popular ??=
      this.total ?? this.#sum([{ which: halfLives.indexOf(usualHalfLife), weight: 1 }]);
    return this.#popular;
  }

  #sum(terms: readonly { readonly which: number; readonly weight: number }[]): Float64Array {
    const values = new Float64Array(this.#counts[0]!.length);
    for (const { which, weight } of terms) {
      const logs = this.#logsOf(which);
      for (let item = 0; item < values.length; item++) values[item]! += weight * logs[item]!;
    }
    return values;
  }

  /** `log(c_h(item) + epsilon)`, `[items + extras]` */
  #logsOf(which: number): Float64Array {
    const counts = this.#counts[which]!;
    const logs = new Float64Array(counts.length);
    writeLogs(counts, 1, this.#epsilon, logs);
    return logs;
  }
}
