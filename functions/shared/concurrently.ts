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
