import {
  championLabel,
  type Evaluation,
  type MetricEstimates,
  primaryMetric,
} from '#lib/evaluation/evaluation-file.ts';
import type { Verdict } from '#lib/promotion/verdict.ts';
import { type IntervalRow, intervalChart } from '../charts/interval-chart.ts';
import { dataTable, foldedTable } from '../data-table.ts';
import { interval, metric, metricName, pValue, signed, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

interface RankerRow {
  readonly name: string;
  readonly kind: IntervalRow['kind'];
  readonly about: string;
  readonly metrics: MetricEstimates;
  readonly validation: number | undefined;
}

/** Everybody's test metrics with intervals, best first, and the differences that decide. */
export function resultsSection(evaluation: Evaluation, verdict: Verdict): Html {
  const rows = rankerRows(evaluation, verdict);
  const percent = Math.round(evaluation.confidence * 100);
  const metrics = Object.keys(rows[0]?.metrics ?? {});
  return html`<p>${whole(evaluation.cases)} test cases of ${whole(evaluation.users)} users; every case ranks all items. Intervals: ${percent} %, bootstrap over users.</p>
${intervalChart(
  `${metricName(primaryMetric)} on the test cases with ${percent} % intervals`,
  rows.map(({ name, kind, metrics }) => ({ name, kind, ...metrics[primaryMetric]! })),
)}
${metricTable(dataTable, 'Test metrics', rows, [
  primaryMetric,
  ...metrics.filter((name) => name.endsWith('@10') && name !== primaryMetric),
])}
${comparisonTable(evaluation, verdict)}
${metricTable(foldedTable, 'Test metrics at all cut-offs', rows, metrics)}`;
}

function metricTable(
  table: typeof dataTable,
  caption: string,
  rows: readonly RankerRow[],
  metrics: readonly string[],
): Html {
  return table(
    caption,
    [
      { title: 'ranker' },
      { title: 'kind' },
      ...metrics.map((name) => ({ title: metricName(name), isNumber: true })),
      { title: `validation ${metricName(primaryMetric)}`, isNumber: true },
    ],
    rows.map((row) => [
      row.name,
      row.about,
      ...metrics.map((name) => {
        const estimate = row.metrics[name]!;
        return html`${metric(estimate.value)}<br><small>${interval(estimate)}</small>`;
      }),
      row.validation === undefined ? '–' : metric(row.validation),
    ]),
  );
}

function rankerRows(evaluation: Evaluation, verdict: Verdict): RankerRow[] {
  const validation = (metrics: MetricEstimates) => metrics[primaryMetric]?.value;
  const rows: RankerRow[] = [
    ...evaluation.models.map((model) => ({
      name: model.name,
      kind:
        model.name === verdict.winner && verdict.promoted
          ? ('winner' as const)
          : ('model' as const),
      about: `${model.backbone}, ${model.objective}${model.name === verdict.winner && verdict.promoted ? ' (new champion)' : ''}`,
      metrics: model.metrics,
      validation: validation(model.validation),
    })),
    ...evaluation.baselines.map((baseline) => ({
      name: baseline.name,
      kind: 'baseline' as const,
      about: `rival${baseline.name === verdict.winner && verdict.promoted ? ' (new champion)' : ''}`,
      metrics: baseline.metrics,
      validation: validation(baseline.validation),
    })),
  ];
  if (evaluation.champion !== undefined) {
    const { run, name, metrics } = evaluation.champion;
    rows.push({
      name: championLabel,
      kind: 'champion',
      about: `${name} of run ${run}`,
      metrics,
      validation: undefined,
    });
  }
  const score = (row: RankerRow) => row.metrics[primaryMetric]?.value ?? 0;
  return rows.sort((a, b) => score(b) - score(a));
}

/** The winner against everybody first, then the other pairs; the primary metric only. */
function comparisonTable({ comparisons }: Evaluation, { winner }: Verdict): Html {
  const shown = comparisons
    .filter((comparison) => comparison.metric === primaryMetric)
    .map((comparison) =>
      comparison.b === winner
        ? {
            ...comparison,
            a: comparison.b,
            b: comparison.a,
            difference: -comparison.difference,
            low: -comparison.high,
            high: -comparison.low,
          }
        : comparison,
    )
    .sort((a, b) => Number(b.a === winner) - Number(a.a === winner));
  return dataTable(
    `Differences in test ${metricName(primaryMetric)}`,
    [
      { title: 'pair' },
      { title: 'difference', isNumber: true },
      { title: 'interval', isNumber: true },
      { title: 'p', isNumber: true },
    ],
    shown.map(({ a, b, difference, low, high, pValue: p }) => [
      `${a} − ${b}`,
      signed(difference),
      `${signed(low)} to ${signed(high)}`,
      pValue(p),
    ]),
  );
}
