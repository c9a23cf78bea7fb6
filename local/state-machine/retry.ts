import type { Retrier } from './definition-schema.ts';
import { matchesError, type StateError } from './errors.ts';

const DEFAULT_INTERVAL_SECONDS = 1;
const DEFAULT_MAX_ATTEMPTS = 3;
const DEFAULT_BACKOFF_RATE = 2;

/**
 * Seconds to wait before a retry: `IntervalSeconds * BackoffRate ** attempt`, at most `MaxDelaySeconds`;
 * with `JitterStrategy` FULL a random share of that.
 *
 * @param attempt retries that this retrier has granted before, from 0
 * @param random a number in [0, 1)
 */
export function retryDelaySeconds(retrier: Retrier, attempt: number, random: () => number): number {
  const interval = retrier.IntervalSeconds ?? DEFAULT_INTERVAL_SECONDS;
  const rate = retrier.BackoffRate ?? DEFAULT_BACKOFF_RATE;
  const delay = Math.min(
    interval * rate ** attempt,
    retrier.MaxDelaySeconds ?? Number.MAX_SAFE_INTEGER,
  );
  return retrier.JitterStrategy === 'FULL' ? random() * delay : delay;
}

/** The retries of one visit to a state. Each retrier counts its own. */
export class RetryBudget {
  readonly #retriers: readonly Retrier[];
  readonly #random: () => number;
  readonly #granted: number[];

  constructor(retriers: readonly Retrier[], random: () => number) {
    this.#retriers = retriers;
    this.#random = random;
    this.#granted = retriers.map(() => 0);
  }

  /** Seconds to wait before trying again, or undefined when the error is not to be retried (any more). */
  next(error: StateError): number | undefined {
    const index = this.#retriers.findIndex((retrier) => matchesError(retrier.ErrorEquals, error));
    const retrier = this.#retriers[index];
    if (retrier === undefined) return undefined;
    const granted = this.#granted[index]!;
    if (granted >= (retrier.MaxAttempts ?? DEFAULT_MAX_ATTEMPTS)) return undefined;
    this.#granted[index] = granted + 1;
    return retryDelaySeconds(retrier, granted, this.#random);
  }
}
