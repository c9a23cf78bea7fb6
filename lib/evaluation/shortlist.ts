/** Items of the highest scores, kept while scores are looked at one after the other. */
export class Shortlist {
  readonly size: number;
  /** Ascending by rank: item `k` of the list, `[size]`; 0 where there are fewer. */
  readonly items: Int32Array;
  readonly #scores: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.items = new Int32Array(size);
    this.#scores = new Float64Array(size);
  }

  clear(): void {
    this.#count = 0;
    this.items.fill(0);
  }

  /** A score that is not above this one cannot enter any more, if items come in ascending order. */
  get least(): number {
    return this.#count < this.size ? Number.NEGATIVE_INFINITY : this.#scores[this.size - 1]!;
  }

  /** Takes an item in if its score is among the highest; of equal scores the item that came first is ahead. */
  offer(item: number, score: number): void {
    if (this.#count === this.size && !(score > this.#scores[this.size - 1]!)) return;
    let place = this.#count < this.size ? this.#count++ : this.size - 1;
    for (; place > 0 && score > this.#scores[place - 1]!; place--) {
      this.#scores[place] = this.#scores[place - 1]!;
      this.items[place] = this.items[place - 1]!;
    }
    this.#scores[place] = score;
    this.items[place] = item;
  }
}
