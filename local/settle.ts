import { LocalError } from './errors.ts';

/**
 * Waits until all of it has ended, whatever fails.
 *
 * @throws what failed; when it was more than one thing, a LocalError `SeveralFailures` that names each
 */
export async function settleAll(work: Iterable<Promise<unknown>>): Promise<void> {
  const settled = await Promise.allSettled(work);
  throwFailures(settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])));
}

/**
 * Ends what was started, the last first, and goes on past an end that fails.
 *
 * @throws as settleAll, once everything was ended as far as it could be
 */
export async function endAll(ends: (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  throwFailures(failures);
}

function throwFailures(failures: readonly unknown[]): void {
  if (failures.length === 0) return;
  if (failures.length === 1) throw failures[0];
  const messages = failures.map((failure) => (failure as Error).message).join('; ');
  throw new LocalError('SeveralFailures', messages, {
    cause: new AggregateError(failures, messages),
  });
}
