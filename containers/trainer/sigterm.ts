import { setImmediate as yieldToEvents } from 'node:timers/promises';

let isAsked = false;
const ask = () => {
  isAsked = true;
};

/** Whether SIGTERM came while something was saved on it. */
export const isStopping = (): boolean => isAsked;

/**
 * Does work that looks at `isStopping` and saves what it has. SageMaker sends SIGTERM 120 s before it kills (a spot interruption,
 * a stopped job). It is a request while this works; before and after, where nothing would be lost, it ends the process at once
 * (but for the first process of a container, which the kernel spares).
 */
export async function savedOnSigterm<T>(work: () => Promise<T>): Promise<T> {
  process.on('SIGTERM', ask);
  try {
    return await work();
  } finally {
    // A signal that came during the last step is heard once the loop has been round.
    await yieldToEvents();
    await yieldToEvents();
    process.removeListener('SIGTERM', ask);
  }
}
