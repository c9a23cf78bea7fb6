import * as z from 'zod';
import type { PromotionConfig } from '#lib/contracts/config/promotion.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import {
  type Comparison,
  championLabel,
  type Evaluation,
  primaryMetric,
} from '#lib/evaluation/evaluation-file.ts';

/** `runs/<run>/verdict.json` (docs/contracts.md, 7). */
export const verdictFile = z.strictObject({
  /** The model with the best validation metric. */
  winner: z.string(),
  promoted: z.boolean(),
  /** One sentence for each thing that was asked, in plain words, and how it came out. */
  reasons: z.array(z.string()).min(1),
});

export type Verdict = z.infer<typeof verdictFile>;

/**
 * Decides whether a run's winner becomes the champion.
 *
 * The winner is chosen by validation NDCG@10 alone (ties: the first in the configuration), so that the test cases
 * decide one question only. It is promoted if, on the test cases, the interval of its difference to the champion and
 * to every baseline lies above `minimumGain`, and there are enough cases to say so. All of these must hold at once,
 * so no correction for several comparisons is due (an intersection-union test).
 *
 * @throws ContractError if there is no model, or a comparison that is needed is missing
 */
export function decide(evaluation: Evaluation, config: PromotionConfig): Verdict {
  const winner = chooseWinner(evaluation);
  const rivals = [
    ...evaluation.baselines.map((baseline) => ({
      label: baseline.name,
      text: `the baseline ${baseline.name}`,
    })),
    ...(evaluation.champion === undefined
      ? []
      : [
          {
            label: championLabel,
            text: `the champion ${evaluation.champion.name} of run ${evaluation.champion.run}`,
          },
        ]),
  ];
  const percent = Math.round(evaluation.confidence * 100);
  const reasons = [explainWinner(evaluation, winner)];
  let promoted = true;
  if (evaluation.cases < config.minimumTestCases) {
    promoted = false;
    reasons.push(
      `There are ${evaluation.cases} test cases, at least ${config.minimumTestCases} are needed for a verdict.`,
    );
  }
  for (const { label, text } of rivals) {
    const { difference, low, high } = comparisonOf(evaluation, winner, label);
    const isBetter = low > config.minimumGain;
    const interval = `${signed(difference)} (${percent} % interval ${signed(low)} to ${signed(high)})`;
    const demand = config.minimumGain > 0 ? `by more than ${config.minimumGain}` : 'beyond doubt';
    promoted &&= isBetter;
    reasons.push(
      `${winner} is ${isBetter ? '' : 'not '}better than ${text} ${demand}: test NDCG@10 differs by ${interval}.`,
    );
  }
  if (evaluation.champion === undefined) reasons.push('There is no champion to compare with yet.');
  reasons.push(
    promoted ? `${winner} becomes the champion.` : 'The champion, if any, stays as it is.',
  );
  return { winner, promoted, reasons };
}

/**
 * A verdict with something to know about it, before the reason that says what becomes of the winner.
 *
 * @param text a sentence in plain words
 */
export function remark(verdict: Verdict, text: string): Verdict {
  return { ...verdict, reasons: verdict.reasons.toSpliced(-1, 0, text) };
}

/**
 * The verdict on a winner that was to be promoted and could not be.
 *
 * @param why a sentence in plain words
 */
export function withdraw(verdict: Verdict, why: string): Verdict {
  // The last reason says that it becomes the champion.
  return { ...verdict, promoted: false, reasons: [...verdict.reasons.slice(0, -1), why] };
}

function chooseWinner({ models }: Evaluation): string {
  const [first, ...others] = models;
  if (first === undefined) throw new ContractError('The evaluation has no model to choose from.');
  const score = (model: typeof first) => {
    const value = model.validation[primaryMetric]?.value;
    if (value === undefined) {
      throw new ContractError(
        `The evaluation of ${model.name} has no validation metric "${primaryMetric}".`,
      );
    }
    return value;
  };
  return others.reduce((best, model) => (score(model) > score(best) ? model : best), first).name;
}

function explainWinner({ models }: Evaluation, winner: string): string {
  const value = models.find((model) => model.name === winner)!.validation[primaryMetric]!.value;
  const among =
    models.length === 1
      ? 'is the only model of this run'
      : `is the best of ${models.length} models on the validation cases`;
  return `${winner} ${among} (validation NDCG@10 ${value.toFixed(4)}).`;
}

/**
 * The comparison of two rankers by the primary metric, turned round if it was made the other way.
 *
 * @throws ContractError if the evaluation has none
 */
export function comparisonOf(evaluation: Evaluation, a: string, b: string): Comparison {
  for (const comparison of evaluation.comparisons) {
    if (comparison.metric !== primaryMetric) continue;
    if (comparison.a === a && comparison.b === b) return comparison;
    if (comparison.a === b && comparison.b === a) {
      const { difference, low, high } = comparison;
      return { ...comparison, a, b, difference: -difference, low: -high, high: -low };
    }
  }
  throw new ContractError(`The evaluation has no comparison of "${a}" with "${b}".`);
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
}
