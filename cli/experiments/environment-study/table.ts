import type { SeededComparison } from '../comparisons.ts';
import type { CellResult, RecommenderResult, StudyResults } from './results.ts';

/** The frontier as Markdown: what each environment costs, how good it is, and what comes of it. */
export function studyTable({ cells, plain, seeds, instance }: StudyResults): string {
  const [first] = cells;
  if (first === undefined) return '';
  const keys = Object.keys(first.varied);
  const asks = first.augmentation !== null;
  const header = [
    ...keys,
    'users',
    'fit CPU s',
    'fit tokens',
    'fit TFLOP',
    ...(asks ? ['ask CPU s / M', 'ask USD / M'] : []),
    'pair accuracy',
    'recall@10',
    ...first.recommenders.flatMap(({ name }) => [`NDCG@10 ${name}`, `beside ${plain[0]?.name}`]),
  ];
  const rows = cells.map(({ varied, fit, augmentation, recommenders, ...cell }) => [
    ...keys.map((key) => String(varied[key])),
    whole(fit.users),
    whole(fit.cpuSeconds),
    whole(fit.tokens),
    (fit.flops / 1e12).toFixed(2),
    ...(augmentation === null
      ? []
      : [whole(augmentation.cpuSecondsPerMillion), augmentation.usdPerMillion.toPrecision(2)]),
    cell.pairAccuracy.toFixed(4),
    cell.recallAt10.toFixed(4),
    ...recommenders.flatMap((each) => [spread(each), difference(each.difference)]),
  ]);
  const without = plain.map((each) => `${each.name} NDCG@10 ${spread(each)}`).join(', ');
  return [
    line(header),
    line(header.map((_, column) => (column < keys.length ? '---' : '---:'))),
    ...rows.map(line),
    '',
    ...(asks ? [`Without environment: ${without}.`] : []),
    `Popularity: pair accuracy ${first.popularityPairAccuracy.toFixed(4)}, recall@10 ${first.popularityRecallAt10.toFixed(4)}.`,
    ...(asks
      ? [
          `NDCG@10 is the mean of ${seeds} seed${seeds === 1 ? '' : 's'}, +- the standard deviation over seeds; differences`,
          'have 95 % intervals over users and seeds. "/ M" is a million transitions; USD is what `npx lea cost` estimates for',
          `${instance}, without the endpoint's start.`,
        ]
      : []),
    ...cells.flatMap((cell) => comparisonsTable(cell, keys.length > 0 || cells.length > 1)),
  ].join('\n');
}

/** Each recommender beside what it has to beat, if there is more than the reference. */
function comparisonsTable({ name, comparisons }: CellResult, isNamed: boolean): string[] {
  const rivals = new Set(comparisons.map(({ b }) => b));
  if (rivals.size < 2) return [];
  return [
    '',
    isNamed ? `With environment ${name}:` : 'With the environment:',
    '',
    line(['recommender', 'beside', 'NDCG@10 ahead']),
    line(['---', '---', '---:']),
    ...comparisons.map((each) => line([each.a, each.b, difference(each)])),
  ];
}

const line = (values: readonly string[]) => `| ${values.join(' | ')} |`;

function spread({ ndcg10, bySeed }: RecommenderResult): string {
  if (bySeed.length === 1) return ndcg10.toFixed(4);
  const squares = bySeed.reduce((sum, value) => sum + (value - ndcg10) ** 2, 0);
  return `${ndcg10.toFixed(4)} +- ${Math.sqrt(squares / (bySeed.length - 1)).toFixed(4)}`;
}

function difference(found: SeededComparison | null): string {
  if (found === null) return '-';
  const [value, low, high] = [found.difference, found.low, found.high].map(
    (each) => `${each < 0 ? '' : '+'}${each.toFixed(4)}`,
  );
  return `${value} (${low}, ${high})`;
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
