/** How far an experiment is, and how long the rest will take by what was run; cells that are read again take none. */
export class CellClock {
  readonly #cells: number;
  readonly #begun = performance.now();
  #finished = 0;
  #run = 0;

  constructor(cells: number) {
    this.#cells = cells;
  }

  /** @param isRun false for a cell that was there */
  finished(isRun: boolean): {
    readonly cells: number;
    readonly finished: number;
    readonly secondsLeft: number | undefined;
  } {
    this.#finished++;
    if (isRun) this.#run++;
    const seconds = (performance.now() - this.#begun) / 1000;
    const left = this.#cells - this.#finished;
    return {
      cells: this.#cells,
      finished: this.#finished,
      secondsLeft: this.#run === 0 ? undefined : (left * seconds) / this.#run,
    };
  }
}
