/** S3 requests under way at the same time. */
const CONCURRENCY = 32;

/** Maps values by requests, a few at a time; the results are in the order of the values. */
export async function mapConcurrently<T, R>(
  values: Iterable<T>,
  map: (value: T) => Promise<R>,
): Promise<R[]> {
  const all = [...values];
  const results: R[] = [];
  for (let start = 0; start < all.length; start += CONCURRENCY) {
    results.push(...(await Promise.all(all.slice(start, start + CONCURRENCY).map(map))));
  }
  return results;
}

/**
 * Maps values by requests, a few at a time, and gives the results in the order of the values as they come: no more of them
 * are in memory than are under way.
 *
 * @param atOnce fewer where a result is large
 */
export async function* mapAhead<T, R>(
  values: Iterable<T>,
  map: (value: T) => Promise<R>,
  atOnce: number = CONCURRENCY,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  for (const value of values) {
    const result = map(value);
    // Whoever waits for an earlier one hears of its failure first, and of this one's never.
    result.catch(() => undefined);
    underWay.push(result);
    if (underWay.length === atOnce) yield await underWay.shift()!;
  }
  for (const result of underWay) yield await result;
}
