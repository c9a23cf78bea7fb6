import { pValue } from '#lib/report/format.ts';
import { describeAudit } from '../data/audit.ts';
import { besides, interval, words } from './comparison-words.ts';
import { type IntervalBar, intervalBars } from './interval-bars.ts';
import type { WholeComparison, WholeResults } from './whole.ts';

/** An experiment on several data sets and splits as Markdown: what was asked, the data, every ranker on each, all differences. */
export function wholeTable(whole: WholeResults): string {
  const { panels, primary, grid } = whole;
  return [
    ...(primary.length === 0
      ? []
      : [
          `Primary comparison, named before the run (NDCG@10; p-values corrected over its ${primary.length} data sets and splits): ${conclusion(whole)}.`,
          '',
          ...comparisonTable(primary),
          '',
        ]),
    ...panels.flatMap(({ name, data, audit, noiseFloor }) => [
      `**${name}**: ${data.interactions} actions of ${data.users} users on ${data.items} items, ${data.testCases} test cases, hash ${data.dataHash.slice(0, 12)}; noise floor ${noiseFloor === null ? 'unknown' : noiseFloor.toFixed(4)}.`,
      ...describeAudit(audit).map((line) => `- ${line}`),
      '',
    ]),
    `| NDCG@10 | ${panels.map(({ name }) => name).join(' | ')} |`,
    `|---|${panels.map(() => '---:|').join('')}`,
    ...rankersOf(whole).map(
      (ranker) =>
        `| ${ranker} | ${panels.map(({ ndcg10 }) => ndcg10[ranker]?.toFixed(4) ?? '').join(' | ')} |`,
    ),
    '',
    `All ${grid.length} comparisons; p-values are corrected over all of them (Holm), a difference below the noise floor of its data set and split is called none.`,
    '',
    ...comparisonTable(grid),
  ].join('\n');
}

/** `better on 2 of 3, worse on none` */
export function conclusion({ primary }: Pick<WholeResults, 'primary'>): string {
  const count = (verdict: string) => primary.filter((own) => own.verdict === verdict).length;
  const worse = count('worse');
  return `better on ${count('better')} of ${primary.length}, worse on ${worse === 0 ? 'none' : worse}`;
}

/** Everybody that was ranked anywhere, in the order in which they appear. */
export const rankersOf = ({ panels }: Pick<WholeResults, 'panels'>): string[] => [
  ...new Set(panels.flatMap(({ ndcg10 }) => Object.keys(ndcg10))),
];

function comparisonTable(comparisons: readonly WholeComparison[]): string[] {
  return [
    '| data, split | NDCG@10 | less | difference, 95 % over users and seeds | p (Holm) | |',
    '|---|---|---|---|---:|---|',
    ...comparisons.map(
      (own) =>
        `| ${own.panel} | ${own.a} | ${besides(own)} | ${interval(own)} | ${pValue(own.holm)} | ${words(own.verdict)} |`,
    ),
  ];
}

/** The primary comparison and all others as bars. */
export function wholePicture({ primary, grid }: WholeResults): string {
  return intervalBars(
    'Difference in NDCG@10',
    [...primary, ...grid].map(
      (own): IntervalBar => ({
        name: `${own.panel}: ${own.a} less ${besides(own)}`,
        value: own.difference,
        low: own.low,
        high: own.high,
        isMuted: own.verdict === 'none',
      }),
    ),
    4,
  );
}
