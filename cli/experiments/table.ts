import { pValue } from '#lib/report/format.ts';
import { describeAudit } from '../data/audit.ts';
import { besides, interval, words } from './comparison-words.ts';
import { type IntervalBar, intervalBars } from './interval-bars.ts';
import type { ExperimentResults } from './results.ts';

type Summary = ExperimentResults['summary'][number];

/** The results as Markdown, which a terminal shows as well: what was asked first, then the data, the table, the grid. */
export function experimentTable(results: ExperimentResults): string {
  const { summary, baselines, grid, primary, noiseFloor, audit, tuning, strata, data } = results;
  const number = (value: number) => value.toFixed(4);
  const asked =
    primary === null
      ? []
      : [
          `Primary comparison, named before the run: NDCG@10, \`${primary.a}\` less \`${primary.b}\`: ${interval(primary)}, p ${pValue(primary.p)}: **${words(primary.verdict)}**.`,
          '',
        ];
  const floor =
    noiseFloor === null
      ? 'Noise floor: unknown, since no model has two seeds.'
      : `Noise floor (an arm beside itself with other seeds): ${number(noiseFloor)}; a smaller difference is called none.`;
  return [
    ...asked,
    `Data: ${data.interactions} actions of ${data.users} users on ${data.items} items, split ${data.split}, ${data.testCases} test cases, hash ${data.dataHash.slice(0, 12)}.`,
    ...describeAudit(audit).map((line) => `- ${line}`),
    '',
    ...sameLines(results.same),
    '| model | seeds | HR@5 | NDCG@5 | HR@10 | NDCG@10 | |',
    '|---|---:|---:|---:|---:|---:|---|',
    ...baselines.map(
      ({ name, hr5, ndcg5, hr10, ndcg10 }) =>
        `| ${name} | | ${[hr5, ndcg5, hr10, ndcg10].map(number).join(' | ')} | |`,
    ),
    ...summary.map(
      ({ name, seeds, mean, ...more }) =>
        `| ${name} | ${seeds} | ${[mean.hr5, mean.ndcg5, mean.hr10, mean.ndcg10].map(number).join(' | ')} | ${notesOn(more)} |`,
    ),
    '',
    floor,
    '',
    '| NDCG@10 | less | difference, 95 % over users and seeds | p (Holm) | |',
    '|---|---|---|---:|---|',
    ...grid.map(
      (own) =>
        `| ${own.a} | ${besides(own)} | ${interval(own)} | ${pValue(own.holm)} | ${words(own.verdict)} |`,
    ),
    ...strataTable(strata),
    ...environmentsTable(results.environments),
    ...tuning.flatMap(({ name, trials, chosen }) => [
      '',
      `Tuned on validation, ${trials.length} trials: ${name}, ${number(trials[0]!.validation)} as asked, ${number(Math.max(...trials.map(({ validation }) => validation)))} with ${Object.keys(chosen).length === 0 ? 'the same' : JSON.stringify(chosen)}.`,
    ]),
  ].join('\n');
}

/** Combinations of the grid that stand for others. */
const sameLines = (same: ExperimentResults['same']): string[] =>
  same.length === 0
    ? []
    : [
        `Left out, since they learn nothing else: ${same.map(({ name, as }) => `${name} (as ${as})`).join(', ')}.`,
        '',
      ];

/** What environments cost and know, beside popularity. */
function environmentsTable(environments: ExperimentResults['environments']): string[] {
  if (environments.length === 0) return [];
  return [
    '',
    '| environment | fit CPU s | ask CPU s / M transitions | pair accuracy | of popularity | recall@10 | of popularity |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...environments.map((own) => {
      const asking =
        own.askCpuSeconds === null
          ? ''
          : ((1e6 * own.askCpuSeconds) / Math.max(1, own.transitions)).toFixed(0);
      const known = [
        ...[own.pairAccuracy, own.popularityPairAccuracy],
        ...[own.recallAt10, own.popularityRecallAt10],
      ].map((value) => value.toFixed(4));
      return `| ${own.name} | ${own.fitCpuSeconds.toFixed(0)} | ${asking} | ${known.join(' | ')} |`;
    }),
  ];
}

/** For whom: a line for each stratum, a column for each ranker. */
function strataTable(strata: ExperimentResults['strata']): string[] {
  const names = strata[0]?.rankers.map(({ name }) => name) ?? [];
  if (names.length === 0) return [];
  return [
    '',
    `| NDCG@10 of test cases | cases | ${names.join(' | ')} |`,
    `|---|---:|${names.map(() => '---:|').join('')}`,
    ...strata.map(
      ({ by, name, cases, rankers }) =>
        `| ${by}: ${name} | ${cases} | ${rankers.map(({ ndcg10 }) => ndcg10.toFixed(4)).join(' | ')} |`,
    ),
  ];
}

/** The differences of the grid as bars. */
export function experimentPicture({ grid }: ExperimentResults): string {
  return intervalBars(
    'Difference in NDCG@10',
    grid.map(
      ({ a, b, difference, low, high, verdict }): IntervalBar => ({
        name: `${a} less ${besides({ a, b })}`,
        value: difference,
        low,
        high,
        isMuted: verdict === 'none',
      }),
    ),
    4,
  );
}

/** `+-0.0012, 612 items shown, HR@10 cold 0.0400 warm 0.1600`, as far as known */
function notesOn({
  deviation,
  cold,
  shown,
}: Pick<Summary, 'deviation' | 'cold' | 'shown'>): string {
  const number = (value: number) => value.toFixed(4);
  return [
    ...(deviation === null ? [] : [`+-${number(deviation.ndcg10)}`]),
    `${Math.round(shown)} items shown`,
    ...(cold === null ? [] : [`HR@10 cold ${number(cold.hr10)} warm ${number(cold.warmHr10)}`]),
  ].join(', ');
}
