import { type Evaluation, primaryMetric } from '#lib/evaluation/evaluation-file.ts';
import { candidatesOf, describeRanker } from '#lib/promotion/candidates.ts';
import type { Question, Verdict } from '#lib/promotion/verdict.ts';
import { compareInWords } from '#lib/promotion/words.ts';
import { metric, signed } from './format.ts';

/** One sentence: who is served from now on, and by which right. */
export function headline(evaluation: Evaluation, verdict: Verdict): string {
  const { winner, because, questions } = verdict;
  const { champion } = evaluation;
  const found = candidatesOf(evaluation).find(({ name }) => name === winner);
  const value = `test NDCG@10 ${metric(found?.metrics[primaryMetric]?.value ?? 0)}`;
  const [asked] = questions.filter(({ candidate }) => candidate === winner);
  const rival = asked === undefined ? '' : describeRanker(evaluation, asked.against);
  const margin = asked === undefined ? '' : `, ${signed(asked.difference)}`;
  switch (because) {
    case 'first':
      return `${winner} becomes the first champion: ${value}.`;
    case 'another-recipe':
      return `${winner} becomes the champion: ${value}${margin}, better than ${rival}.`;
    case 'newer-data':
      return `${winner} becomes the champion with newer data: ${value}${margin}, not worse than ${rival} by more than the margin.`;
    case null: {
      const failed = questions.find(({ candidate, passed }) => candidate === winner && !passed);
      // Too few cases, or the champion changed meanwhile: the last reason says so.
      if (failed === undefined) return verdict.reasons.at(-1)!;
      return `${champion?.name ?? ''} of run ${champion?.run ?? ''} stays the champion: ${explainFailure(evaluation, failed)}.`;
    }
  }
}

function explainFailure(evaluation: Evaluation, failed: Question): string {
  const numbers = `test NDCG@10 ${signed(failed.difference)}`;
  if (failed.asked === 'newer-data') {
    return `its recipe with newer data, ${failed.candidate}, may be worse by more than the margin (${numbers})`;
  }
  const rival = describeRanker(evaluation, failed.against);
  return `${compareInWords(failed.candidate, rival, failed)} (${numbers})`;
}
