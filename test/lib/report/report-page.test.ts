import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderIndex } from '#lib/report/night-index.ts';
import { renderReport } from '#lib/report/run-report.ts';
import { browserPath, overflowOf, screens, seriousFindings, startBrowser } from '../../browser.ts';
import { temporaryFolder } from '../../temporary/folders.ts';
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

describe.skipIf(browserPath === undefined)('Reports in a browser', () => {
  let browser: Browser;
  let addresses: Record<keyof typeof pages, string>;
  beforeAll(async () => {
    const folder = temporaryFolder('report-page');
    const write = (name: keyof typeof pages) => {
      const path = join(folder, `${name}.html`);
      writeFileSync(path, pages[name]);
      return pathToFileURL(path).href;
    };
    addresses = { report: write('report'), index: write('index') };
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  it.each(
    (Object.keys(pages) as (keyof typeof pages)[]).flatMap((name) =>
      (Object.keys(screens) as (keyof typeof screens)[]).map((screen) => [name, screen] as const),
    ),
  )('the %s fits the screen (%s), and axe finds nothing serious', async (name, screen) => {
    const context = await browser.newContext(screens[screen]);
    const page = await context.newPage();

    await page.goto(addresses[name]);

    expect(await overflowOf(page)).toBeLessThanOrEqual(0);
    expect(await seriousFindings(page)).toEqual([]);
    await context.close();
  });

  it('prints what is folded away on a screen', async () => {
    const page = await browser.newPage();
    await page.goto(addresses.report);
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
