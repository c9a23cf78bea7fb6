import { constants } from 'node:os';

/** npm hands on the Ctrl-C that the terminal has sent to everybody already: within this time it is the same one. */
const samePressMilliseconds = 1000;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** That somebody asked a long command to stop. */
export class Interrupted extends Error {
  /** As shells count: 128 and the signal's number. */
  readonly exitCode: number;

  constructor(signal: (typeof signals)[number]) {
    super(`Stopped by ${signal}.`);
    this.name = 'Interrupted';
    this.exitCode = 128 + constants.signals[signal];
  }
}

export interface Interruption extends Disposable {
  /** Aborted, with an `Interrupted` as reason, when somebody asks this process to stop. */
  readonly signal: AbortSignal;
}

/**
 * Listens to Ctrl-C, SIGTERM and a closing terminal from now on, until it is disposed of: the first one is a request to
 * stop in good order; one more Ctrl-C ends the process at once.
 *
 * @param onRequest told of the first
 */
export function listenForInterruption(onRequest: () => void): Interruption {
  const controller = new AbortController();
  let requestedAt = 0;
  const onSignal = (signal: (typeof signals)[number]) => {
    const interrupted = new Interrupted(signal);
    if (!controller.signal.aborted) {
      requestedAt = Date.now();
      controller.abort(interrupted);
      onRequest();
    } else if (signal === 'SIGINT' && Date.now() - requestedAt > samePressMilliseconds) {
      process.exit(interrupted.exitCode);
    }
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}
