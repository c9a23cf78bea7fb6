import { describe, expect, it } from 'vitest';
import { trendSection } from '#lib/report/sections/trend.ts';
import { firstNight, nightOf } from '../promotion/nights.ts';

describe('Function: trendSection', () => {
  it('says why nothing was predicted on a first night, and draws nothing', () => {
    // Act
    const { text } = trendSection([firstNight(1)], undefined)!;
    // Assess
    expect(text).toContain(
      'Nothing was predicted before this night: Nothing was in service before this night.',
    );
    expect(text).not.toContain('<svg');
    expect(text).not.toContain('<table');
    expect(trendSection([], undefined)).toBeUndefined();
  });

  it('draws what was in service beside recent popularity, and has the same as a table', () => {
    // Arrange
    const trend = {
      nights: 2,
      cases: 1000,
      difference: -0.005,
      low: -0.01,
      high: -0.001,
      word: 'worse' as const,
    };
    // Act
    const { text } = trendSection([nightOf(3, -0.01), nightOf(2, 0), firstNight(1)], trend)!;
    // Assess
    expect(text).toContain('500 actions of 300 users');
    expect(text).toContain('worse than recent popularity over the last 2 nights');
    expect(text).toContain('NDCG@10 on what arrived, night by night');
    expect(text.match(/<polyline/g)!.length % 2).toBe(0);
    for (const run of ['night-2', 'night-3']) expect(text).toContain(`${run}<br>`);
    expect(text).not.toContain('night-1<br>');
    expect(text.indexOf('night-3<br>')).toBeLessThan(text.indexOf('night-2<br>'));
  });

  it.each([
    [[0, 4, 9], 'minutes since 2026-11-01 03:30'],
    [[0, 90, 300], 'hours since 2026-11-01 03:30'],
    [[0, 1440, 2880], 'days since 2026-11-01'],
  ])('counts time in what nights are apart by: %j minutes', (minutes, expected) => {
    const begin = Date.parse(nightOf(1, 0).createdAt);
    const nights = minutes.map((late, at) => ({
      ...nightOf(at + 1, 0),
      createdAt: new Date(begin + late * 60_000).toISOString(),
    }));

    const { text } = trendSection(nights.toReversed(), undefined)!;

    expect(text).toContain(`${expected}<`);
  });
});
