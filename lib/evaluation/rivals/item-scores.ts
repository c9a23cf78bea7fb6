/** Scores of the few items that a history speaks for; all others have 0. Reused from case to case. */
export class ItemScores {
  /** By item index, `[items + 1]`. */
  readonly values: Float64Array;
  /** Items whose score is set, each once. */
  readonly touched: number[] = [];
  readonly #isTouched: Uint8Array;

  constructor(items: number) {
    this.values = new Float64Array(items + 1);
    this.#isTouched = new Uint8Array(items + 1);
  }

  /** @param score above 0 */
  add(item: number, score: number): void {
    if (this.#isTouched[item] === 0) {
      this.#isTouched[item] = 1;
      this.touched.push(item);
    }
    this.values[item]! += score;
  }

  clear(): void {
    for (const item of this.touched) {
      this.values[item] = 0;
      this.#isTouched[item] = 0;
    }
    this.touched.length = 0;
  }
}
