import { describe, expect, it } from 'vitest';
import { renderIndex } from '#lib/report/night-index.ts';
import { firstNight, nightOf } from '../promotion/nights.ts';

describe('Function: renderIndex', () => {
  it('leads to the report of every night that came to its end, the newest first, with the trend', () => {
    // Arrange
    const nights = [nightOf(3, 0.01), nightOf(2, -0.01), firstNight(1)];
    const verdicts = new Map([
      ['night-3', 'new becomes the champion <b>'],
      ['night-1', 'new becomes the first champion'],
    ]);
    // Act
    const page = renderIndex(nights, undefined, verdicts);
    // Assess
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
    expect(links).toStrictEqual([
      '../runs/night-3/report/index.html',
      '../runs/night-1/report/index.html',
    ]);
    expect(page).toContain('new becomes the champion &lt;b&gt;');
    expect(page).toContain('did not come to its end');
    expect(page).toContain('NDCG@10 on what arrived, night by night');
  });
});
