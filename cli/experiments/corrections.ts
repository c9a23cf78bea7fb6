/**
 * Two-sided p-value that a difference is 0, of its bootstrap resamples: twice the share on the other side of 0, one counted
 * with them, so that it is never 0. Where none is there, that share says how many resamples were drawn and no more, and Holm's
 * correction of a large grid would call nothing a difference: then the normal tail bounds it, `2 phi(z) / z` with `z` the
 * resamples' mean in deviations of theirs.
 */
export function bootstrapP(resamples: Float64Array): number {
  const beyond = Math.min(
    resamples.filter((own) => own <= 0).length,
    resamples.filter((own) => own >= 0).length,
  );
  const counted = Math.min(1, (2 * (beyond + 1)) / (resamples.length + 1));
  return beyond > 0 ? counted : Math.min(counted, normalTail(resamples));
}

/** Above the two-sided tail of a normal distribution (Mills' ratio). */
function normalTail(resamples: Float64Array): number {
  const mean = resamples.reduce((sum, own) => sum + own, 0) / resamples.length;
  const squares = resamples.reduce((sum, own) => sum + (own - mean) ** 2, 0);
  const z = Math.abs(mean) / Math.sqrt(squares / resamples.length);
  if (!Number.isFinite(z)) return 1;
  return (2 * Math.exp((-z * z) / 2)) / (Math.sqrt(2 * Math.PI) * z);
}

/**
 * Holm's correction (1979): the chance of one false finding among all of them stays below what each p-value is compared
 * with.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[a]! - pValues[b]!);
  const corrected = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  order.forEach((place, at) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - at) * pValues[place]!));
    corrected[place] = largest;
  });
  return corrected;
}

/**
 * What the same arm with another seed differs by: two deviations of a difference of two means of `seeds` trainings each,
 * `2 sqrt(2 / seeds) s`, `s` the deviation over seeds, pooled over the arms. A smaller difference is none. Null without an
 * arm of two seeds.
 *
 * @param arms values of each seed, by arm
 */
export function noiseFloor(arms: readonly (readonly number[])[]): number | null {
  const repeated = arms.filter((values) => values.length > 1);
  if (repeated.length === 0) return null;
  let squares = 0;
  let freedom = 0;
  let seeds = Number.POSITIVE_INFINITY;
  for (const values of repeated) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    squares += values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    freedom += values.length - 1;
    seeds = Math.min(seeds, values.length);
  }
  return 2 * Math.sqrt((2 / seeds) * (squares / freedom));
}
