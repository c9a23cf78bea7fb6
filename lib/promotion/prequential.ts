import * as z from 'zod';
import type { ComparedRanks } from '#lib/evaluation/compare-ranks.ts';
import { signed, type Word, wordOf, words } from './words.ts';

/*
 * Prequential: first test, then learn (Dawid 1984, https://doi.org/10.2307/2981683). Every night, before anything learns
 * from them, the actions that arrived since the night before are predicted by who was in service, and by recent
 * popularity; each action once. The verdict compares with the last champion alone, so that many small losses, each within the
 * margin, would add up unseen; recent popularity is a mark that does not move with the champion.
 */

const interval = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });

/** `prequential/<run>.json` (docs/contracts.md, 10). */
export const prequentialNight = z.strictObject({
  run: z.string().min(1),
  /** When the night's snapshot was taken, ISO 8601. */
  createdAt: z.string(),
  /** Actions after this time and up to `until` are predicted, Unix seconds; null on the first night. */
  since: z.number().nullable(),
  until: z.number(),
  /** Half-life (seconds; null is all time) that was best tonight: recent popularity of the next night counts by it. */
  nextHalfLife: z.number().positive().nullable(),
  /** Who was in service, and whether it was fitted on all actions; null if nobody was. */
  champion: z.strictObject({ run: z.string(), name: z.string(), refitted: z.boolean() }).nullable(),
  /** Why nothing was predicted; null if something was. */
  why: z.string().nullable(),
  cases: z.int().min(0),
  users: z.int().min(0),
  /** NDCG@10 with intervals over users; null if nothing was predicted. */
  ndcg10: z
    .strictObject({
      champion: interval,
      recentPopularity: interval,
      /** Champion minus recent popularity. */
      difference: interval,
      standardError: z.number().min(0),
    })
    .nullable(),
});

export type PrequentialNight = z.infer<typeof prequentialNight>;

/** How several nights came out together. */
export const trend = z.strictObject({
  nights: z.int().min(1),
  cases: z.int().min(1),
  /** Champion minus recent popularity, NDCG@10, each case counted alike. */
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  word: z.enum(words),
});

export type Trend = z.infer<typeof trend>;

/** The numbers of a night as its file has them. */
export function toNdcg({
  a,
  b,
  difference,
  standardError,
}: ComparedRanks): NonNullable<PrequentialNight['ndcg10']> {
  return { champion: a, recentPopularity: b, difference, standardError };
}

/**
 * Whether those in service were better than recent popularity over the last nights, whoever they were. The mean of the
 * nights' differences, weighed by cases, with the interval of independent normal errors.
 *
 * @param nights in any order
 * @param most how many of the newest with cases count
 * @param minimumCases of all of them together
 * @returns undefined if they are too few to say anything
 */
export function judgeTrend(
  nights: readonly PrequentialNight[],
  most: number,
  confidence: number,
  minimumCases: number,
): Trend | undefined {
  const counted = newestFirst(nights)
    .filter(({ ndcg10 }) => ndcg10 !== null)
    .slice(0, most);
  const cases = counted.reduce((sum, night) => sum + night.cases, 0);
  if (counted.length === 0 || cases < minimumCases) return undefined;
  let difference = 0;
  let variance = 0;
  for (const night of counted) {
    const share = night.cases / cases;
    difference += share * night.ndcg10!.difference.value;
    variance += (share * night.ndcg10!.standardError) ** 2;
  }
  const reach = normalQuantile((1 + confidence) / 2) * Math.sqrt(variance);
  const [low, high] = [difference - reach, difference + reach];
  return { nights: counted.length, cases, difference, low, high, word: wordOf({ low, high }) };
}

export function newestFirst(nights: readonly PrequentialNight[]): PrequentialNight[] {
  return nights.toSorted(
    (a, b) => Number(a.createdAt < b.createdAt) - Number(a.createdAt > b.createdAt),
  );
}

/** The trend in a sentence, with what it means for the champion if it lags. */
export function explainTrend({ nights, cases, difference, low, high, word }: Trend): string {
  const over = `over the last ${nights === 1 ? 'night' : `${nights} nights`} (${cases} actions as they arrived, NDCG@10 ${signed(difference)}, ${signed(low)} to ${signed(high)})`;
  const found: Readonly<Record<Word, string>> = {
    better: `What was in service was better than recent popularity ${over}.`,
    'no difference shown': `What was in service against recent popularity: no difference shown ${over}.`,
    worse: `What was in service was worse than recent popularity ${over}: renewals may have lost a little each time, or the log has changed. Look at the trend in the report, and roll back or change the recipe.`,
  };
  return found[word];
}

/**
 * The quantile of the standard normal distribution, by bisection on the error function (Abramowitz and Stegun 1964, 7.1.26:
 * 1.5e-7 at most from it).
 *
 * @param share at least a half
 */
function normalQuantile(share: number): number {
  let [low, high] = [0, 10];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** @param x at least 0 */
function normalShare(x: number): number {
  const z0 = x / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z0);
  const terms = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  const erf = 1 - terms.reduce((sum, term, k) => sum + term * t ** (k + 1), 0) * Math.exp(-z0 * z0);
  return (1 + erf) / 2;
}
