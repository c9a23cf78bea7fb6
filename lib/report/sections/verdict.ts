import { type Comparison, championLabel, primaryMetric } from '#lib/evaluation/evaluation-file.ts';
import { comparisonOf } from '#lib/promotion/verdict.ts';
import { metric, signed } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { RunReport } from '../run-report.ts';

type VerdictInput = Pick<RunReport, 'evaluation' | 'verdict' | 'config'>;

/** The verdict in one sentence, then how it came about. */
export function verdictSection(report: VerdictInput): Html {
  const { promoted, reasons } = report.verdict;
  return html`<h1 class="${promoted ? 'promoted' : 'kept'}">${headline(report)}</h1>
<details><summary>How this was decided</summary><ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul></details>`;
}

/** One sentence: what happens, to whom, by how much. */
export function headline({ evaluation, verdict, config }: VerdictInput): string {
  const { winner } = verdict;
  const model = evaluation.models.find(({ name }) => name === winner);
  const value = model?.metrics[primaryMetric]?.value ?? 0;
  const rivals = [
    ...evaluation.baselines.map(({ name }) => name),
    ...(evaluation.champion === undefined ? [] : [championLabel]),
  ];
  const hardest = rivals
    .map((rival) => comparisonOf(evaluation, winner, rival))
    .reduce<Comparison | undefined>(
      (worst, comparison) =>
        worst === undefined || comparison.low < worst.low ? comparison : worst,
      undefined,
    );
  const rival = hardest === undefined ? undefined : describeRival(hardest.b, evaluation);
  if (verdict.promoted) {
    const margin =
      hardest === undefined ? '' : `, ${signed(hardest.difference)} on ${rival}, beyond doubt`;
    return `${winner} becomes the champion: test NDCG@10 ${metric(value)}${margin}.`;
  }
  if (evaluation.cases < config.promotion.minimumTestCases) {
    return `Nothing is promoted: ${evaluation.cases} test cases are too few for a verdict.`;
  }
  return `Nothing is promoted: ${winner} is not better than ${rival} beyond doubt (test NDCG@10 ${metric(value)}, ${signed(hardest?.difference ?? 0)}).`;
}

function describeRival(name: string, evaluation: RunReport['evaluation']): string {
  return name === championLabel
    ? `the champion ${evaluation.champion?.name ?? ''} of run ${evaluation.champion?.run ?? ''}`
    : `the baseline ${name}`;
}
