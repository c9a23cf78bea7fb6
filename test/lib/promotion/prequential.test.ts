import { describe, expect, it } from 'vitest';
import { promotionConfig } from '#lib/contracts/config/promotion.ts';
import {
  explainTrend,
  judgeTrend,
  newestFirst,
  type Trend,
  toNdcg,
} from '#lib/promotion/prequential.ts';
import { decide } from '#lib/promotion/verdict.ts';
import { evaluationOf } from './evaluations.ts';
import { firstNight, nightOf } from './nights.ts';

const { trendNights, minimumTestCases } = promotionConfig.parse({});
const judge = (nights: Parameters<typeof judgeTrend>[0], most = trendNights) =>
  judgeTrend(nights, most, 0.95, minimumTestCases);

describe('Function: judgeTrend', () => {
  it('says nothing of the first night, nor of too few cases', () => {
    expect(judge([])).toBeUndefined();
    expect(judge([firstNight(1)])).toBeUndefined();
    expect(
      judge([nightOf(2, 0.1, { cases: minimumTestCases - 1 }), firstNight(1)]),
    ).toBeUndefined();
    expect(judgeTrend([firstNight(1)], trendNights, 0.95, 0)).toBeUndefined();
    expect(judge([nightOf(1, 0.1, { cases: minimumTestCases })])).toMatchObject({ nights: 1 });
  });

  it('weighs nights by their cases, and their errors as independent ones', () => {
    // Arrange: 300 cases at +.02 and 100 at -.02
    const nights = [
      nightOf(1, 0.02, { cases: 300, standardError: 0.004 }),
      nightOf(2, -0.02, { cases: 100, standardError: 0.006 }),
    ];
    // Act
    const trend = judge(nights)!;
    // Assess
    const error = Math.hypot(0.75 * 0.004, 0.25 * 0.006);
    expect(trend).toMatchObject({ nights: 2, cases: 400, word: 'better' });
    expect(trend.difference).toBeCloseTo(0.01, 12);
    expect(trend.high - trend.low).toBeCloseTo(2 * 1.959964 * error, 6);
  });

  it('looks at the newest nights alone, in whatever order they come, and at those with cases', () => {
    // Arrange
    const nights = [firstNight(9), nightOf(1, -0.5), nightOf(3, 0.02), nightOf(2, 0.02)];
    // Act
    const trend = judge(nights, 2)!;
    // Assess
    expect(trend).toMatchObject({ nights: 2, word: 'better' });
  });

  it('sees small losses that no verdict sees, each within the margin', () => {
    // Arrange: each renewal loses .005 of about .14, an interval within the margin of a tenth
    const config = promotionConfig.parse({});
    const champion = { difference: -0.005, low: -0.008, high: -0.002 };
    const evaluation = evaluationOf({ championRecipe: 'new', champion });
    const nights = [firstNight(1)];
    const words: string[] = [];
    for (let night = 2; night <= 14; night++) {
      // Act: what is in service is replaced, whatever it loses
      const verdict = decide(evaluation, config);
      expect(verdict).toMatchObject({ promoted: true, because: 'newer-data' });
      nights.push(nightOf(night, 0.02 - 0.005 * (night - 2)));
      words.push(judge(nights)!.word);
    }
    // Assess: recent popularity does not move, and tells in the end
    expect([...new Set(words)]).toStrictEqual(['better', 'no difference shown', 'worse']);
    expect(words.at(-1)).toBe('worse');
    expect(explainTrend(judge(nights)!)).toMatch(
      /^What was in service was worse than recent popularity over the last 7 nights \(3500 actions/,
    );
  });
});

describe('Function: newestFirst', () => {
  it('leaves what it was given as it was, and nights of one moment in their order', () => {
    const nights = [nightOf(2, 0.1), nightOf(3, 0.2), nightOf(3, 0.3), nightOf(1, 0.4)];

    const sorted = newestFirst(nights);

    expect(sorted).toEqual([nights[1], nights[2], nights[0], nights[3]]);
    expect(nights.map(({ run }) => run)).toEqual(['night-2', 'night-3', 'night-3', 'night-1']);
  });
});

describe('Function: explainTrend', () => {
  const trend: Trend = {
    nights: 1,
    cases: 500,
    difference: 0.01,
    low: -0.002,
    high: 0.02,
    word: 'better',
  };
  const over = '(500 actions as they arrived, NDCG@10 +0.0100, -0.0020 to +0.0200)';

  it.each<[Trend['word'], string]>([
    [
      'better',
      `What was in service was better than recent popularity over the last night ${over}.`,
    ],
    [
      'no difference shown',
      `What was in service against recent popularity: no difference shown over the last night ${over}.`,
    ],
    [
      'worse',
      `What was in service was worse than recent popularity over the last night ${over}: renewals may have lost a little each time, or the log has changed. Look at the trend in the report, and roll back or change the recipe.`,
    ],
  ])('says "%s" in a sentence', (word, sentence) => {
    expect(explainTrend({ ...trend, word })).toBe(sentence);
    expect(explainTrend({ ...trend, word, nights: 3 })).toContain('over the last 3 nights (500');
  });
});

describe('Function: toNdcg', () => {
  it('keeps both means, their difference and its error', () => {
    const interval = (value: number) => ({ value, low: value - 1, high: value + 1 });
    const compared = {
      users: 3,
      a: interval(1),
      b: interval(2),
      difference: interval(-1),
      standardError: 0.5,
    };

    expect(toNdcg(compared)).toEqual({
      champion: interval(1),
      recentPopularity: interval(2),
      difference: interval(-1),
      standardError: 0.5,
    });
  });
});
