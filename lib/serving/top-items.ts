/**
 * The best items so far of those offered, in the order of serving: score descending, then item index ascending. A heap,
 * so that a large catalogue is never sorted.
 */
export class BestItems {
  /** The worst at the root. */
  readonly #items: Int32Array;
  readonly #scores: Float64Array;
  #size = 0;

  /** @param count how many are kept */
  constructor(count: number) {
    this.#items = new Int32Array(count);
    this.#scores = new Float64Array(count);
  }

  /** What a score has to reach to be among them, ties to the smaller item index. */
  get least(): number {
    if (this.#items.length === 0) return Number.POSITIVE_INFINITY;
    return this.#size < this.#items.length ? Number.NEGATIVE_INFINITY : this.#scores[0]!;
  }

  /** @param score what is not a number is never among the best */
  offer(item: number, score: number): void {
    if (this.#size < this.#items.length) {
      if (!Number.isNaN(score)) this.#rise(item, score);
    } else if (this.#items.length > 0 && this.#isWorse(0, item, score)) {
      this.#sink(item, score);
    }
  }

  /** Takes all out, the best first. */
  take(): { readonly items: Int32Array; readonly scores: Float64Array } {
    const items = new Int32Array(this.#size);
    const scores = new Float64Array(this.#size);
    while (this.#size > 0) {
      const at = this.#size - 1;
      items[at] = this.#items[0]!;
      scores[at] = this.#scores[0]!;
      this.#size = at;
      this.#sink(this.#items[at]!, this.#scores[at]!);
    }
    return { items, scores };
  }

  /** Whether what is at a place is worse than an item. */
  #isWorse(place: number, item: number, score: number): boolean {
    const own = this.#scores[place]!;
    return own < score || (own === score && this.#items[place]! > item);
  }

  #put(place: number, item: number, score: number): void {
    this.#items[place] = item;
    this.#scores[place] = score;
  }

  /** Puts one more into the heap. */
  #rise(item: number, score: number): void {
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#isWorse(parent, item, score)) break;
      this.#put(at, this.#items[parent]!, this.#scores[parent]!);
      at = parent;
    }
    this.#put(at, item, score);
  }

  /** Puts one in place of the root. */
  #sink(item: number, score: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (right < this.#size && this.#isWorse(right, this.#items[child]!, this.#scores[child]!)) {
        child = right;
      }
      if (!this.#isWorse(child, item, score)) break;
      this.#put(at, this.#items[child]!, this.#scores[child]!);
      at = child;
    }
    this.#put(at, item, score);
  }
}

/**
 * The best items of a list of scores, in one pass over it.
 *
 * @param scores of the items 1 to N, `[N]`; what is not a number is never chosen
 * @param count how many items, at most
 * @param excluded item indices to leave out
 * @param only item indices to choose from, each once; undefined for all
 * @returns item indices, best first; fewer than `count` if there are not as many
 */
export function topItems(
  scores: Float32Array | Float64Array,
  count: number,
  excluded: Pick<ReadonlySet<number>, 'has'> = new Set(),
  only?: readonly number[],
): Int32Array {
  const candidates = only?.length ?? scores.length;
  const best = new BestItems(Math.min(count, candidates));
  let { least } = best;
  for (let at = 0; at < candidates; at++) {
    const item = only === undefined ? at + 1 : only[at]!;
    if (item > scores.length) continue;
    const score = scores[item - 1]!;
    if (score < least || excluded.has(item)) continue;
    best.offer(item, score);
    ({ least } = best);
  }
  return best.take().items;
}
