import { expect, it } from 'vitest';
import { renderIndex } from '#lib/report/night-index.ts';
import { renderReport } from '#lib/report/run-report.ts';
import { overflowOf } from '../../browser.ts';
import { describePages } from '../../pages-in-browser.ts';
import { evaluationOf } from '../promotion/evaluations.ts';
import { firstNight, nightOf } from '../promotion/nights.ts';
import { reportOf } from './reports.ts';

const nights = [nightOf(3, 0.01), nightOf(2, -0.01), firstNight(1)];
/** Metrics at as many cut-offs as an evaluation has them, which make the widest table. */
const cutOffs = Object.fromEntries(
  ['hr', 'ndcg', 'mrr'].flatMap((name) =>
    [5, 10, 20].map((at) => [`${name}@${at}`, { value: 0.1234, low: 0.1111, high: 0.1357 }]),
  ),
);
const withCutOffs = <Ranker extends { readonly metrics: object }>(ranker: Ranker) => ({
  ...ranker,
  metrics: { ...cutOffs, ...ranker.metrics },
});
const { models, baselines, champion, ...others } = evaluationOf();
const wide = {
  ...others,
  models: models.map(withCutOffs),
  baselines: baselines.map(withCutOffs),
  champion: champion && withCutOffs(champion),
};
const pages = {
  report: renderReport(reportOf({ nights, evaluation: wide })),
  index: renderIndex(nights, undefined, new Map([['night-3', 'new becomes the champion']])),
};

describePages('Reports in a browser', pages, (opened) => {
  it('prints what is folded away on a screen', async () => {
    const page = await opened().browser.newPage();
    await page.goto(opened().addresses.report!);
    const setting = page.getByText('minimumUserInteractions');

    const onScreen = await setting.isVisible();
    await page.emulateMedia({ media: 'print' });
    const printed = await setting.boundingBox();

    expect(onScreen).toBe(false);
    expect(printed?.height).toBeGreaterThan(100);
    // A4 without its margins.
    await page.setViewportSize({ width: 680, height: 1000 });
    expect(await overflowOf(page)).toBeLessThanOrEqual(0);
    await page.close();
  });
});
