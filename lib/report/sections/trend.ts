import { explainTrend, type PrequentialNight, type Trend } from '#lib/promotion/prequential.ts';
import { lineChart } from '../charts/line-chart.ts';
import { foldedTable } from '../data-table.ts';
import { interval, metric, signed, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

/**
 * How those in service did on the actions as they arrived, night by night, beside recent popularity.
 *
 * @param nights the newest first; none of an earlier release
 */
export function trendSection(
  nights: readonly PrequentialNight[],
  trend: Trend | undefined,
): Html | undefined {
  const [last] = nights;
  if (last === undefined) return undefined;
  const scored = nights.filter(({ ndcg10 }) => ndcg10 !== null).toReversed();
  const { x, xTitle } = sinceFirst(scored);
  const tonight =
    last.why === null
      ? html`<p>Before anything learned from them, ${whole(last.cases)} actions of ${whole(last.users)} users that arrived since the night before were predicted.</p>`
      : html`<p>Nothing was predicted before this night: ${last.why}</p>`;
  return html`${tonight}
${trend && html`<p>${explainTrend(trend)}</p>`}
${
  scored.length > 1 &&
  lineChart(
    [
      {
        name: 'what was in service',
        points: scored.map((night) => ({ x: x(night), y: night.ndcg10!.champion.value })),
      },
      {
        name: 'recent popularity',
        points: scored.map((night) => ({
          x: x(night),
          y: night.ndcg10!.recentPopularity.value,
        })),
      },
    ],
    {
      title: 'NDCG@10 on what arrived, night by night',
      xTitle,
      yTitle: 'NDCG@10',
      dots: true,
    },
  )
}
${
  scored.length > 0 &&
  foldedTable(
    'Nights, the newest first',
    [
      { title: 'night', isLong: true },
      { title: 'actions', isNumber: true },
      { title: 'in service', isNumber: true },
      { title: 'recent popularity', isNumber: true },
      { title: 'difference', isNumber: true },
    ],
    scored
      .toReversed()
      .map(({ run, champion, cases, ndcg10 }) => [
        html`${run}<br><small>${champion?.name ?? ''} of run ${champion?.run ?? ''}</small>`,
        whole(cases),
        html`${metric(ndcg10!.champion.value)}<br><small>${interval(ndcg10!.champion)}</small>`,
        html`${metric(ndcg10!.recentPopularity.value)}<br><small>${interval(ndcg10!.recentPopularity)}</small>`,
        html`${signed(ndcg10!.difference.value)}<br><small>${signed(ndcg10!.difference.low)} to ${signed(ndcg10!.difference.high)}</small>`,
      ]),
  )
}`;
}

const units = [
  ['minutes', 60_000],
  ['hours', 3_600_000],
  ['days', 86_400_000],
] as const;

/** How long after the first of the nights each was: in days, of nights that somebody began one after the other in less. */
function sinceFirst(nights: readonly PrequentialNight[]) {
  const times = nights.map(({ createdAt }) => Date.parse(createdAt));
  const first = Math.min(...times);
  const span = Math.max(...times) - first;
  const [unit, milliseconds] = units.findLast(([, own]) => span >= 2 * own) ?? units[0];
  const begin = nights[0]?.createdAt ?? '';
  const since = unit === 'days' ? begin.slice(0, 10) : begin.slice(0, 16).replace('T', ' ');
  return {
    x: ({ createdAt }: PrequentialNight) => (Date.parse(createdAt) - first) / milliseconds,
    xTitle: `${unit} since ${since}`,
  };
}
