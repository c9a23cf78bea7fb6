import { linkedController } from './cancellation.ts';

/** Why work was stopped that had itself done nothing wrong: something beside it failed. */
class SiblingFailed extends Error {
  constructor() {
    super('Stopped because something that ran beside it failed');
    this.name = 'SiblingFailed';
  }
}

/**
 * Runs `work(0)` to `work(count - 1)`, at most `concurrency` at a time, in this order. The first rejection stops
 * the rest through their signal and is thrown once all of them have ended.
 */
export async function runPool(
  count: number,
  concurrency: number,
  signal: AbortSignal,
  work: (index: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  using controller = linkedController(signal);
  let failure: { readonly error: unknown } | undefined;
  let next = 0;
  const lane = async () => {
    while (next < count && !controller.signal.aborted) {
      const index = next++;
      try {
        await work(index, controller.signal);
      } catch (error) {
        failure ??= { error };
        controller.abort(new SiblingFailed());
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane));
  if (failure !== undefined) throw failure.error;
  signal.throwIfAborted();
}
