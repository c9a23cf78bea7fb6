import { interval, words } from '../comparison-words.ts';
import { experimentTable } from '../table.ts';
import type { FrontierRecommender, StudyResults } from './results.ts';

/**
 * The frontier as Markdown: what each environment costs, how good it is, and what comes of it; then the experiment's own
 * table, with rivals, controls and the correction for all comparisons.
 */
export function studyTable(study: StudyResults): string {
  const { frontier, reference, instance } = study;
  const [first] = frontier;
  if (first === undefined) return '';
  const keys = Object.keys(first.varied);
  const asks = first.cpuSecondsPerMillion !== null;
  const plainName = ({ name }: FrontierRecommender) => name.slice(0, name.lastIndexOf('+'));
  const header = [
    ...keys,
    'users',
    'fit CPU s',
    'fit tokens',
    'fit TFLOP',
    ...(asks ? ['ask CPU s / M', 'ask USD / M'] : []),
    'pair accuracy',
    'recall@10',
    ...first.recommenders.flatMap((own) => [
      `NDCG@10 ${plainName(own)}`,
      `beside ${reference?.name}`,
    ]),
  ];
  const rows = frontier.map(({ varied, environment, recommenders, ...cost }) => [
    ...keys.map((key) => String(varied[key])),
    whole(environment.users),
    whole(environment.fitCpuSeconds),
    whole(environment.tokens),
    (environment.flops / 1e12).toFixed(2),
    ...(asks ? [whole(cost.cpuSecondsPerMillion!), cost.usdPerMillion!.toPrecision(2)] : []),
    environment.pairAccuracy.toFixed(4),
    environment.recallAt10.toFixed(4),
    ...recommenders.flatMap((own) => [spread(own), difference(own)]),
  ]);
  return [
    line(header),
    line(header.map((_, column) => (column < keys.length ? '---' : '---:'))),
    ...rows.map(line),
    '',
    `Popularity: pair accuracy ${first.environment.popularityPairAccuracy.toFixed(4)}, recall@10 ${first.environment.popularityRecallAt10.toFixed(4)}.`,
    ...(asks
      ? [
          `NDCG@10 is the mean of the seeds, +- their standard deviation; ${reference?.name} has ${reference && spread(reference)}. "/ M" is a million`,
          `transitions; USD is what \`npx lea cost\` estimates for ${instance}, without the endpoint's start.`,
          '',
          experimentTable(study),
        ]
      : []),
  ].join('\n');
}

const line = (values: readonly string[]) => `| ${values.join(' | ')} |`;

const spread = ({ ndcg10, deviation }: FrontierRecommender) =>
  `${ndcg10.toFixed(4)}${deviation === null ? '' : ` +- ${deviation.toFixed(4)}`}`;

const difference = ({ difference: found }: FrontierRecommender) =>
  found === null ? '-' : `${interval(found)}: ${words(found.verdict)}`;

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
