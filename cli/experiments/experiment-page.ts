import { intervalChart } from '#lib/report/charts/interval-chart.ts';
import { dataTable, foldedTable } from '#lib/report/data-table.ts';
import { duration, metric, percent, pValue, whole } from '#lib/report/format.ts';
import { type Html, html } from '#lib/report/html.ts';
import { bodyOfSections, renderPage, type Section } from '#lib/report/page.ts';
import { learningSection } from '#lib/report/sections/learning.ts';
import { describeAudit } from '../data/audit.ts';
import { comparisonRow, difference, experimentStyle } from './comparison-view.ts';
import { words } from './comparison-words.ts';
import { costChart, costPoints, linesShown, shorten, trendChart } from './experiment-charts.ts';
import type { ExperimentResults } from './results.ts';

/**
 * An experiment as one HTML file without any external resource: what was asked, how far everything is apart, for whom, what
 * it cost, and what the numbers were made from. Everything that a picture shows is in a table as well.
 */
export function renderExperiment(results: ExperimentResults): string {
  const { primary, data } = results;
  const sections: readonly Section[] = [
    ['models', 'Models and rivals', modelsSection(results)],
    ['grid', 'What each part is worth', gridSection(results)],
    ['strata', 'For whom', strataSection(results)],
    ['trend', 'As time goes on', trendSection(results)],
    ['cost', 'Cost against quality', costSection(results)],
    ['learning', 'Learning curves', curvesSection(results)],
    ['tuning', 'Tuning', tuningSection(results)],
    ['data', 'Data', dataSection(results)],
  ];
  const heading =
    primary === null
      ? 'No comparison was named before the run'
      : `${primary.a} beside ${primary.b}: ${words(primary.verdict)}`;
  const head = html`<p class="run">Experiment on ${data.file}, split ${data.split}</p>
<h1 class="${primary?.verdict === 'better' && 'promoted'}">${heading}</h1>
${primary !== null && html`<p>NDCG@10 ${difference(primary)}, 95 % over users and seeds, p ${pValue(primary.p)}. This comparison was named before the run.</p>`}`;
  return renderPage({
    title: `Experiment on ${data.file}`,
    ownStyle: experimentStyle,
    body: bodyOfSections(head, sections),
  });
}

function modelsSection({ summary, baselines }: ExperimentResults): Html {
  return dataTable(
    'Test cases, all items ranked',
    [
      { title: 'ranker', isLong: true },
      { title: 'seeds', isNumber: true },
      { title: 'HR@10', isNumber: true },
      { title: 'NDCG@10', isNumber: true },
      { title: 'over seeds', isNumber: true },
      { title: 'items shown', isNumber: true },
    ],
    [
      ...baselines.map(({ name, hr10, ndcg10 }) => [
        name,
        '',
        metric(hr10),
        metric(ndcg10),
        '',
        '',
      ]),
      ...summary.map(({ name, seeds, mean, deviation, shown }) => [
        name,
        whole(seeds),
        metric(mean.hr10),
        metric(mean.ndcg10),
        deviation === null ? '' : `± ${metric(deviation.ndcg10)}`,
        whole(shown),
      ]),
    ],
  );
}

/** The differences of the grid, one picture for each that is compared with. */
function gridSection({ grid, noiseFloor, summary }: ExperimentResults): Html {
  const controls = new Set(summary.flatMap(({ name, controls }) => (controls ? [name] : [])));
  const others = [...new Set(grid.map(({ b }) => b))].filter((name) => !controls.has(name));
  const against = others.map((other) => {
    const rows = grid
      .filter(({ b }) => b === other)
      .map((own) => comparisonRow(shorten(own.a), own));
    return html`<h3>Beside ${other}</h3>${intervalChart(`NDCG@10 more than ${other}`, rows)}`;
  });
  const parts = grid.filter(({ b }) => controls.has(b));
  const floor =
    noiseFloor === null
      ? 'No model has two seeds, so nobody knows what chance between trainings does.'
      : `An arm differs from itself with other seeds by ${metric(noiseFloor)}; a smaller difference is called none.`;
  return html`<p>${floor} Intervals are 95 % over users and seeds; p-values are corrected for all comparisons here (Holm). Squares are differences that are not shown.</p>
${against}
${
  parts.length > 0 &&
  html`<h3>Beside controls</h3><p>How much more a model has than itself with a part replaced: a part that is worth something is to the right of 0.</p>${intervalChart(
    'NDCG@10 more than the control',
    parts.map((own) => comparisonRow(shorten(own.b), own)),
  )}`
}
${foldedTable(
  'All comparisons',
  [
    { title: 'ranker', isLong: true },
    { title: 'beside', isLong: true },
    { title: 'NDCG@10', isLong: true },
    { title: 'p (Holm)', isNumber: true },
    { title: 'verdict', isLong: true },
  ],
  grid.map((own) => [own.a, own.b, difference(own), pValue(own.holm), words(own.verdict)]),
)}`;
}

function strataSection({ strata }: ExperimentResults): Html | undefined {
  const [first] = strata;
  if (first === undefined) return undefined;
  return dataTable(
    'NDCG@10 by kind of case',
    [
      { title: 'cases', isLong: true },
      ...first.rankers.map(({ name }) => ({ title: shorten(name), isNumber: true })),
    ],
    strata.map(({ by, name, cases, rankers }) => [
      html`${by}: ${name}<br><small>${whole(cases)} cases</small>`,
      ...rankers.map(({ ndcg10 }) => metric(ndcg10)),
    ]),
  );
}

function trendSection({ trend }: ExperimentResults): Html | undefined {
  const [first] = trend;
  if (first === undefined) return undefined;
  const { rankers } = first;
  return html`<p>The test cases in ${trend.length} parts of equal size, the oldest first: how what was trained once ages.</p>
${trendChart(trend)}
${foldedTable(
  'NDCG@10 by time of the test cases',
  [
    { title: 'until' },
    { title: 'cases', isNumber: true },
    ...rankers.map(({ name }) => ({ title: shorten(name), isNumber: true })),
  ],
  trend.map(({ to, cases, rankers: own }) => [
    new Date(1000 * to).toISOString().slice(0, 10),
    whole(cases),
    ...own.map(({ ndcg10 }) => metric(ndcg10)),
  ]),
)}`;
}

function costSection(results: ExperimentResults): Html {
  const { environments } = results;
  const points = costPoints(results);
  const fits = new Map(environments.map(({ name, ...cost }) => [name, cost]));
  const asked = (name: string) => fits.get(name.split('+').at(-1)!);
  return html`${costChart(results)}
${dataTable(
  'What it took',
  [
    { title: 'model', isLong: true },
    { title: 'a training', isNumber: true },
    { title: 'environment, CPU', isNumber: true },
    { title: 'NDCG@10', isNumber: true },
  ],
  points.map(({ name, x, y }) => {
    const cost = asked(name);
    return [
      name,
      duration(x),
      cost === undefined ? '' : duration(cost.fitCpuSeconds + (cost.askCpuSeconds ?? 0)),
      metric(y),
    ];
  }),
)}`;
}

/** Of the first seed of each model, as many as can be told apart. */
function curvesSection({ models, summary }: ExperimentResults): Html | undefined {
  const own = summary.filter(({ controls }) => controls === null).slice(0, linesShown);
  const curves = own.flatMap(({ name }) => {
    const cell = models.find((model) => model.name === name && model.curve.length > 0);
    return cell === undefined
      ? []
      : [{ name: shorten(name), curve: { bestEpoch: cell.bestEpoch, epochs: [...cell.curve] } }];
  });
  return learningSection(curves, curves);
}

function tuningSection({ tuning }: ExperimentResults): Html | undefined {
  if (tuning.length === 0) return undefined;
  return html`<p>Random search, the same settings tried for every model, chosen on the validation cases.</p>${tuning.map(
    ({ name, trials, chosen }) =>
      foldedTable(
        name,
        [
          { title: 'settings', isLong: true },
          { title: 'validation NDCG@10', isNumber: true },
          { title: 'took', isNumber: true },
        ],
        trials.map(({ settings, validation, seconds }) => [
          `${Object.keys(settings).length === 0 ? 'as asked' : JSON.stringify(settings)}${settings === chosen ? ' (chosen)' : ''}`,
          metric(validation),
          duration(seconds),
        ]),
      ),
  )}`;
}

function dataSection(results: ExperimentResults): Html {
  const { data, audit, machine, models, commit, versions, configHash } = results;
  return html`<p>${whole(data.interactions)} actions of ${whole(data.users)} users on ${whole(data.items)} items; ${whole(data.testCases)} test cases; cold cases ${percent(audit.cold)}.</p>
<ul>${describeAudit(audit).map((line) => html`<li>${line}</li>`)}</ul>
${dataTable(
  'What the numbers were made from',
  [{ title: 'what' }, { title: 'value', isLong: true }],
  [
    ['data', data.dataHash],
    ['configuration', configHash],
    ['commit', commit],
    ['versions', JSON.stringify(versions)],
    ['processor', `${machine.processor}, ${machine.cores} cores`],
    ['finished', models.at(-1)?.manifest.finishedAt ?? ''],
  ],
)}`;
}
