import { intervalChart } from '#lib/report/charts/interval-chart.ts';
import { dataTable, foldedTable } from '#lib/report/data-table.ts';
import { metric, percent, pValue, whole as wholeNumber } from '#lib/report/format.ts';
import { type Html, html } from '#lib/report/html.ts';
import { bodyOfSections, renderPage, type Section } from '#lib/report/page.ts';
import { comparisonRow, difference, experimentStyle } from './comparison-view.ts';
import { besides, words } from './comparison-words.ts';
import type { WholeComparison, WholeResults } from './whole.ts';
import { conclusion, rankersOf } from './whole-table.ts';

/**
 * An experiment on several data sets and splits as one HTML file without any external resource: what was asked and on how
 * many of them it holds, every ranker on each, and all differences. The page of each is linked.
 */
export function renderWhole(whole: WholeResults): string {
  const { primary, grid, panels } = whole;
  const [asked] = primary;
  const heading =
    asked === undefined
      ? 'No comparison was named before the run'
      : `${asked.a} beside ${asked.b}: ${conclusion(whole)}`;
  const sections: readonly Section[] = [
    ['primary', 'What was asked', primary.length > 0 && primarySection(primary)],
    ['models', 'Models and rivals', modelsSection(whole)],
    ['grid', 'What each part is worth', gridSection(grid)],
    ['data', 'Data', dataSection(whole)],
  ];
  const head = html`<p class="run">Experiment on ${panels.length} data sets and splits</p>
<h1 class="${primary.some(({ verdict }) => verdict === 'better') && 'promoted'}">${heading}</h1>`;
  const links = panels.map(
    ({ name, folder }) => html`<li><a href="${folder}/experiment.html">${name}</a></li>`,
  );
  return renderPage({
    title: `Experiment on ${panels.length} data sets and splits`,
    ownStyle: experimentStyle,
    body: bodyOfSections(head, sections, links),
  });
}

function primarySection(primary: readonly WholeComparison[]): Html {
  return html`<p>This comparison was named before the run. Intervals are 95 % over users and seeds; p-values are corrected over its ${primary.length} data sets and splits (Holm).</p>
${intervalChart(
  `NDCG@10 more than ${primary[0]!.b}`,
  primary.map((own) => comparisonRow(own.panel, own)),
)}
${comparisons('Primary comparison', primary)}`;
}

function modelsSection(whole: WholeResults): Html {
  return dataTable(
    'NDCG@10 of the test cases, all items ranked, the mean over seeds',
    [
      { title: 'ranker', isLong: true },
      ...whole.panels.map(({ name }) => ({ title: name, isNumber: true })),
    ],
    rankersOf(whole).map((ranker) => [
      ranker,
      ...whole.panels.map(({ ndcg10 }) =>
        ndcg10[ranker] === undefined ? '' : metric(ndcg10[ranker]),
      ),
    ]),
  );
}

/** One picture for each comparison, a line for each data set and split. */
function gridSection(grid: readonly WholeComparison[]): Html {
  const pairs = Map.groupBy(grid, (own) => `${own.a} beside ${besides(own)}`);
  return html`<p>Intervals are 95 % over users and seeds; p-values are corrected for all ${grid.length} comparisons here (Holm). Squares are differences that are not shown.</p>
${[...pairs].map(
  ([pair, own]) =>
    html`<h3>${pair}</h3>${intervalChart(
      `NDCG@10 more: ${pair}`,
      own.map((each) => comparisonRow(each.panel, each)),
    )}`,
)}
${comparisons('All comparisons', grid)}`;
}

const comparisons = (title: string, all: readonly WholeComparison[]): Html =>
  foldedTable(
    title,
    [
      { title: 'data, split', isLong: true },
      { title: 'ranker', isLong: true },
      { title: 'beside', isLong: true },
      { title: 'NDCG@10', isLong: true },
      { title: 'p (Holm)', isNumber: true },
      { title: 'verdict', isLong: true },
    ],
    all.map((own) => [
      own.panel,
      own.a,
      besides(own),
      difference(own),
      pValue(own.holm),
      words(own.verdict),
    ]),
  );

function dataSection({ panels, machine, commit, configHash }: WholeResults): Html {
  return html`${dataTable(
    'Data',
    [
      { title: 'data, split', isLong: true },
      { title: 'actions', isNumber: true },
      { title: 'users', isNumber: true },
      { title: 'items', isNumber: true },
      { title: 'test cases', isNumber: true },
      { title: 'ties', isNumber: true },
      { title: 'cold', isNumber: true },
      { title: 'repeats', isNumber: true },
      { title: 'drift', isNumber: true },
      { title: 'noise floor', isNumber: true },
    ],
    panels.map(({ name, data, audit, noiseFloor }) => [
      name,
      ...[data.interactions, data.users, data.items, data.testCases].map(wholeNumber),
      ...[audit.tied, audit.cold, audit.repeats, audit.drift].map((share) => percent(share)),
      noiseFloor === null ? '' : metric(noiseFloor),
    ]),
  )}
${dataTable(
  'What the numbers were made from',
  [{ title: 'what' }, { title: 'value', isLong: true }],
  [
    ['commit', commit],
    ['configuration', configHash],
    ['processor', `${machine.processor}, ${machine.cores} cores`],
    ...panels.map(({ name, data }) => [name, data.dataHash] as const),
  ],
)}`;
}
