import { describe, expect, it } from 'vitest';
import { promotionConfig } from '#lib/contracts/config/promotion.ts';
import { explainTrend, judgeTrend } from '#lib/promotion/prequential.ts';
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
