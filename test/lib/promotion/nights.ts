import type { PrequentialNight } from '#lib/promotion/prequential.ts';

/** Night number `n` (from 1), in which the champion was ahead of recent popularity by so much. */
export function nightOf(
  n: number,
  difference: number,
  { cases = 500, standardError = 0.004 } = {},
): PrequentialNight {
  const interval = (value: number) => ({
    value,
    low: value - 2 * standardError,
    high: value + 2 * standardError,
  });
  return {
    run: `night-${n}`,
    createdAt: new Date(Date.UTC(2026, 10, n, 3, 30)).toISOString(),
    since: 1_700_000_000 + (n - 1) * 86_400,
    until: 1_700_000_000 + n * 86_400,
    nextHalfLife: 86_400,
    champion: { run: `night-${n - 1}`, name: 'new', refitted: true },
    why: null,
    cases,
    users: 300,
    ndcg10: {
      champion: interval(0.1 + difference),
      recentPopularity: interval(0.1),
      difference: interval(difference),
      standardError,
    },
  };
}

/** A night before which nothing was in service. */
export function firstNight(n: number): PrequentialNight {
  return {
    ...nightOf(n, 0),
    since: null,
    champion: null,
    why: 'Nothing was in service before this night.',
    cases: 0,
    users: 0,
    ndcg10: null,
  };
}
