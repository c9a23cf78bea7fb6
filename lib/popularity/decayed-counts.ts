import { ContractError } from '#lib/contracts/errors.ts';

/** Counts that stand for all time are never scaled down; others are once they are this many half-lives old. */
const longestExponent = 64;

/**
 * How often each item was taken before a time, an action counting half as much for every half-life that has passed
 * since: `c_h(i, t) = sum over actions of i before t of 2^-((t - t_action) / h)`. Several half-lives are kept at once;
 * `Infinity` counts all time.
 *
 * An item's number is stored as seen from a fixed time in the past, so that time passing changes one factor and not the
 * numbers: an action costs O(half-lives), asking for a time costs nothing.
 */
export class DecayedCounts {
  readonly items: number;
  /** Seconds. */
  readonly halfLives: readonly number[];
  /** `[halfLives][items + 1]`, counts as of `#origins`. */
  readonly #scaled: readonly Float64Array[];
  readonly #origins: Float64Array;
  #newest = Number.NEGATIVE_INFINITY;

  /**
   * @param items size of the vocabulary
   * @param halfLives seconds, each above 0
   */
  constructor(items: number, halfLives: readonly number[]) {
    const wrong = halfLives.find((halfLife) => !(halfLife > 0));
    if (wrong !== undefined) throw new ContractError(`${wrong} s is no half-life (above 0).`);
    this.items = items;
    this.halfLives = halfLives;
    this.#scaled = halfLives.map(() => new Float64Array(items + 1));
    this.#origins = new Float64Array(halfLives.length).fill(Number.NaN);
  }

  /** Time of the newest action counted, Unix seconds; minus infinity for none. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * The same counts of some of the half-lives, to be counted on without changing these: as if the same actions had been
   * counted with those half-lives alone.
   *
   * @throws ContractError for a half-life that is not counted here, and for another vocabulary
   */
  goingOn(items: number, halfLives: readonly number[]): DecayedCounts {
    if (items !== this.items) {
      throw new ContractError(`Counts of ${this.items} items cannot go on with ${items}.`);
    }
    const copy = new DecayedCounts(items, halfLives);
    halfLives.forEach((halfLife, which) => {
      const own = this.halfLives.indexOf(halfLife);
      if (own === -1) {
        throw new ContractError(`Nothing has been counted with a half-life of ${halfLife} s.`);
      }
      copy.#scaled[which]!.set(this.#scaled[own]!);
      copy.#origins[which] = this.#origins[own]!;
    });
    copy.#newest = this.#newest;
    return copy;
  }

  /**
   * The same counts in another vocabulary.
   *
   * @param indices of each item there, 0 for none, `[items + 1]`
   * @param items size of the other vocabulary
   */
  translated(indices: ArrayLike<number>, items: number): DecayedCounts {
    const copy = new DecayedCounts(items, this.halfLives);
    this.#scaled.forEach((own, which) => {
      for (let item = 1; item <= this.items; item++) {
        if (indices[item]! > 0) copy.#scaled[which]![indices[item]!] = own[item]!;
      }
    });
    copy.#origins.set(this.#origins);
    copy.#newest = this.#newest;
    return copy;
  }

  /**
   * Counts one action.
   *
   * @param time Unix seconds, not before that of the last action counted
   */
  add(item: number, time: number): void {
    if (time < this.#newest) {
      throw new ContractError(`An action at ${time} was counted after one at ${this.#newest}.`);
    }
    this.#newest = time;
    for (let which = 0; which < this.halfLives.length; which++) {
      const scaled = this.#scaled[which]!;
      const halfLife = this.halfLives[which]!;
      if (halfLife === Number.POSITIVE_INFINITY) {
        scaled[item]! += 1;
        continue;
      }
      if (Number.isNaN(this.#origins[which]!)) this.#origins[which] = time;
      let exponent = (time - this.#origins[which]!) / halfLife;
      if (exponent > longestExponent) {
        const factor = 2 ** -exponent;
        for (let index = 0; index < scaled.length; index++) scaled[index]! *= factor;
        this.#origins[which] = time;
        exponent = 0;
      }
      scaled[item]! += 2 ** exponent;
    }
  }

  /**
   * The counts of one half-life: item `i` has `values[i] * factor`. Only for reading, and only until the next `add`.
   *
   * @param which place in `halfLives`
   * @param time Unix seconds, after every action counted
   * @returns `values`: `[items + 1]`
   */
  at(which: number, time: number): { readonly values: Float64Array; readonly factor: number } {
    const origin = this.#origins[which]!;
    const halfLife = this.halfLives[which]!;
    const isConstant = halfLife === Number.POSITIVE_INFINITY || Number.isNaN(origin);
    return {
      values: this.#scaled[which]!,
      factor: isConstant ? 1 : 2 ** -((time - origin) / halfLife),
    };
  }
}
