/** Milliseconds of each of many searches or answers. */
export interface Taken {
  /** On the clock, with whatever else the machine did meanwhile. */
  readonly clock: number[];
  /** Of the processor. */
  readonly processor: number[];
}

export const nothingTaken = (): Taken => ({ clock: [], processor: [] });

/** Runs something, and adds what it took. */
export function timed<Result>(run: () => Result, { clock, processor }: Taken): Result {
  const used = processorTime();
  const begin = performance.now();
  const result = run();
  clock.push(performance.now() - begin);
  processor.push(processorTime() - used);
  return result;
}

/** Milliseconds of this thread's. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
