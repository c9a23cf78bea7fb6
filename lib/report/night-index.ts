import { runs } from '#lib/contracts/keys.ts';
import type { PrequentialNight, Trend } from '#lib/promotion/prequential.ts';
import { dataTable } from './data-table.ts';
import { html } from './html.ts';
import { renderPage } from './page.ts';
import { trendSection } from './sections/trend.ts';

/** Where the index is from the bucket's folder, so that its links lead back to the reports. */
const toBucket = '../';

/**
 * The reports of the last nights on one page, with the trend over them.
 *
 * @param nights the newest first
 * @param verdicts in a sentence each, by run; of a run that did not get that far there is none
 */
export function renderIndex(
  nights: readonly PrequentialNight[],
  trend: Trend | undefined,
  verdicts: ReadonlyMap<string, string>,
): string {
  const body = html`<header><h1>Nights</h1></header>
<main>
<section>${trendSection(nights, trend)}</section>
<section>${dataTable(
    'Reports, the newest first',
    [{ title: 'night' }, { title: 'verdict', isLong: true }],
    nights.map(({ run, createdAt }) => {
      const verdict = verdicts.get(run);
      const name =
        verdict === undefined ? run : html`<a href="${toBucket}${runs.report(run)}">${run}</a>`;
      return [
        html`${name}<br><small>${createdAt.slice(0, 16).replace('T', ' ')} UTC</small>`,
        verdict ?? 'did not come to its end',
      ];
    }),
  )}</section>
</main>`;
  return renderPage({ title: 'Nights', body });
}
