import {
  type Comparison,
  type Evaluation,
  primaryMetric,
} from '#lib/evaluation/evaluation-file.ts';
import type { Verdict } from '#lib/promotion/verdict.ts';
import { wordOf } from '#lib/promotion/words.ts';
import { intervalChart, mark } from '../charts/interval-chart.ts';
import { dataTable, foldedTable } from '../data-table.ts';
import { interval, metric, metricName, pValue, signed, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type RankerRow, rankerRows } from '../rankers.ts';

/** Everybody's test metrics with intervals, best first, and the differences that decide. */
export function resultsSection(evaluation: Evaluation, verdict: Verdict): Html {
  const rows = rankerRows(evaluation, verdict);
  const percent = Math.round(evaluation.confidence * 100);
  const metrics = Object.keys(rows[0]?.metrics ?? {});
  return html`<p>${whole(evaluation.cases)} test cases of ${whole(evaluation.users)} users; every case ranks all items. Intervals: ${percent} %, bootstrap over users.</p>
${intervalChart(
  `${metricName(primaryMetric)} on the test cases with ${percent} % intervals`,
  rows.map(({ metrics, isPromoted, ...row }) => ({
    ...row,
    isEmphasised: isPromoted,
    ...metrics[primaryMetric]!,
  })),
)}
${metricTable(dataTable, 'Test metrics', rows, [primaryMetric, 'hr@10'])}
${comparisonTables(evaluation, verdict)}
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
      { title: 'ranker', isLong: true },
      ...metrics.map((name) => ({ title: metricName(name), isNumber: true })),
    ],
    rows.map((row) => [
      rankerName(row),
      ...metrics.map((name) => {
        const estimate = row.metrics[name]!;
        return html`${metric(estimate.value)}<br><small>${interval(estimate)}</small>`;
      }),
    ]),
  );
}

/** A ranker's name with its mark, what it is, and how it did on the validation cases. */
function rankerName({ name, kind, look, about, isPromoted, validation }: RankerRow): Html {
  const known =
    validation === undefined
      ? about
      : `${about}; validation ${metricName(primaryMetric)} ${metric(validation)}`;
  return html`<svg class="key" viewBox="0 0 16 16" aria-hidden="true">${mark(kind, look, 8, 8)}</svg> ${name}${isPromoted && html` <strong>new champion</strong>`}<br><small>${known}</small>`;
}

/** Who was put forward against everybody, and all other pairs folded away; the primary metric only. */
function comparisonTables({ comparisons }: Evaluation, { winner }: Verdict): Html {
  const primary = comparisons.filter(({ metric }) => metric === primaryMetric);
  const own = primary
    .filter(({ a, b }) => a === winner || b === winner)
    .map((comparison) => (comparison.b === winner ? turned(comparison) : comparison));
  const others = primary.filter(({ a, b }) => a !== winner && b !== winner);
  const name = metricName(primaryMetric);
  return html`${comparisonTable(dataTable, `${winner} against everybody, test ${name}`, own, ({ b }) => b)}
${others.length > 0 && comparisonTable(foldedTable, `All other pairs, test ${name}`, others, ({ a, b }) => `${a} − ${b}`)}`;
}

function comparisonTable(
  table: typeof dataTable,
  caption: string,
  comparisons: readonly Comparison[],
  title: (comparison: Comparison) => string,
): Html {
  return table(
    caption,
    [
      { title: 'against', isLong: true },
      { title: 'shown' },
      { title: 'difference', isNumber: true },
    ],
    comparisons.map((comparison) => [
      title(comparison),
      html`${wordOf(comparison)}<br><small>p ${pValue(comparison.pValue)}</small>`,
      html`${signed(comparison.difference)}<br><small>${signed(comparison.low)} to ${signed(comparison.high)}</small>`,
    ]),
  );
}

function turned({ a, b, metric, difference, low, high, pValue }: Comparison): Comparison {
  return { a: b, b: a, metric, difference: -difference, low: -high, high: -low, pValue };
}
