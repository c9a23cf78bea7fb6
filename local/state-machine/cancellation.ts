/** Longest delay that one `setTimeout` can hold; it fires at once for anything longer. */
const LONGEST_TIMER = 2_147_483_647;

/** Resolves after `ms` milliseconds; rejects with the signal's reason when that is aborted first. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    let left = ms;
    let timer: NodeJS.Timeout;
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const wait = () => {
      const step = Math.min(left, LONGEST_TIMER);
      left -= step;
      timer = setTimeout(() => {
        if (left > 0) {
          wait();
          return;
        }
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, step);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    wait();
  });
}

/** Calls `action` after `ms` milliseconds, unless it is disposed of before: `using timeout = afterDelay(...)`. */
export function afterDelay(ms: number, action: () => void): Disposable {
  const cancelled = new AbortController();
  sleep(ms, cancelled.signal).then(action, () => {});
  return { [Symbol.dispose]: () => cancelled.abort() };
}

/** Settles as `work` does, or rejects with the signal's reason as soon as that is aborted. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** An abort controller that also aborts when its parent does. */
export interface LinkedController extends Disposable {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}

/**
 * Unlike `AbortSignal.any`, it leaves nothing behind on a long-lived parent once it is disposed of:
 * `using controller = linkedController(signal)`.
 */
export function linkedController(parent: AbortSignal): LinkedController {
  const controller = new AbortController();
  const onAbort = () => controller.abort(parent.reason);
  if (parent.aborted) onAbort();
  else parent.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => parent.removeEventListener('abort', onAbort),
  };
}
