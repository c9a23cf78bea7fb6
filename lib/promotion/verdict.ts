import * as z from 'zod';
import type { PromotionConfig } from '#lib/contracts/config/promotion.ts';
import { championLabel, type Evaluation, primaryMetric } from '#lib/evaluation/evaluation-file.ts';
import {
  bestOf,
  type Candidate,
  candidatesOf,
  comparisonOf,
  describeRanker,
  rivalsAhead,
  simplerIn,
  simplestTied,
} from './candidates.ts';
import { diagnose } from './diagnosis.ts';
import { trend } from './prequential.ts';
import { compareInWords, differenceInNumbers, signed, wordOf, words } from './words.ts';

/** What was asked of a candidate before it might replace the champion, and the answer. */
const question = z.strictObject({
  /** `another-recipe`: is it better? `newer-data`, of the champion's own recipe: is it not worse by more than a margin? */
  asked: z.enum(['another-recipe', 'newer-data']),
  candidate: z.string(),
  /** `champion`, or the candidate with the champion's recipe. */
  against: z.string(),
  /** Difference in test NDCG@10, candidate minus the other, and its interval. */
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  /** What `low` has to exceed. */
  bound: z.number(),
  word: z.enum(words),
  passed: z.boolean(),
});

/** `runs/<run>/verdict.json` (docs/contracts.md, 7). */
export const verdictFile = z.strictObject({
  /** The candidate that becomes the champion; if none does, the one that was best on the validation cases. */
  winner: z.string(),
  promoted: z.boolean(),
  /** Why it was promoted; null if nobody was. */
  because: z.enum(['first', 'another-recipe', 'newer-data']).nullable(),
  questions: z.array(question),
  /** How it came about, one sentence each, in plain words. */
  reasons: z.array(z.string()).min(1),
  /** Why trained models are behind a rival and what to try, if they are. */
  diagnosis: z.array(z.string()),
  /** How those in service did on what arrived in the last nights; absent while there is too little to tell. */
  trend: trend.optional(),
});

export type Question = z.infer<typeof question>;
export type Verdict = z.infer<typeof verdictFile>;

/**
 * Decides who is served from now on.
 *
 * Candidates are the models of the run and the rivals that can be served. The best on the validation cases is chosen, as
 * the first champion the simplest of those that validation cannot tell from it, so that the test cases answer one question only; if they show that a rival is better than a trained model that was
 * chosen, the rival takes its place. Where there is no champion, the chosen one becomes it, whatever it is: somebody has to
 * be served. Otherwise two questions are told apart. Another recipe must be better than the champion, and than the
 * champion's recipe on tonight's data if that is among the candidates: intervals above `minimumGain`, all at once, so
 * no correction for several comparisons is due (an intersection-union test). The champion's own recipe with newer data
 * must not be worse than the champion by more than `nonInferiorityMargin` (https://doi.org/10.1001/jama.2012.87802).
 *
 * @throws ContractError if there is no candidate, or a comparison that is needed is missing
 */
export function decide(evaluation: Evaluation, config: PromotionConfig): Verdict {
  const candidates = candidatesOf(evaluation);
  const { chosen, reasons } = choose(evaluation, candidates);
  const { champion } = evaluation;
  const diagnosis = diagnose(evaluation, candidates);
  if (champion === undefined) {
    reasons.push(
      `There is no champion to compare with, and somebody has to be served: ${chosen.name} becomes the champion.`,
    );
    return {
      winner: chosen.name,
      promoted: true,
      because: 'first',
      questions: [],
      reasons,
      diagnosis,
    };
  }
  const heir = bestOf(candidates.filter(({ recipe }) => recipe === champion.recipe));
  const questions = isHeir(chosen, heir) ? [] : askAnother(evaluation, config, chosen, heir);
  const isReplaced = questions.length > 0 && questions.every(({ passed }) => passed);
  const own = isReplaced || heir === undefined ? [] : askNewer(evaluation, champion, config, heir);
  questions.push(...own);
  reasons.push(...questions.map((asked) => explainQuestion(evaluation, asked)));
  const isEnough = evaluation.cases >= config.minimumTestCases;
  const isRenewed = own.some(({ passed }) => passed);
  if (isEnough && (isReplaced || isRenewed)) {
    const winner = isReplaced ? chosen : heir!;
    reasons.push(
      `${winner.name} becomes the champion, ${isReplaced ? 'as a better recipe' : "with the champion's recipe and newer data"}.`,
    );
    const because = isReplaced ? 'another-recipe' : 'newer-data';
    return { winner: winner.name, promoted: true, because, questions, reasons, diagnosis };
  }
  const tooFew = isEnough
    ? ''
    : `: ${evaluation.cases} test cases are too few for a verdict (promotion.minimumTestCases is ${config.minimumTestCases})`;
  reasons.push(`${champion.name} of run ${champion.run} stays the champion${tooFew}.`);
  return { winner: chosen.name, promoted: false, because: null, questions, reasons, diagnosis };
}

const isHeir = (chosen: Candidate, heir: Candidate | undefined) => chosen.name === heir?.name;

/**
 * The best on the validation cases, for a first champion the simplest that is tied with it, or the rival that the test cases
 * show to be better than that.
 */
function choose(
  evaluation: Evaluation,
  candidates: readonly Candidate[],
): { readonly chosen: Candidate; readonly reasons: string[] } {
  const first = bestOf(candidates)!;
  const reasons = [
    `${first.name} ${candidates.length === 1 ? 'is the only candidate' : `is the best of ${candidates.length} candidates on the validation cases`} (validation NDCG@10 ${first.validation.toFixed(4)}).`,
  ];
  // Whoever is in service already is replaced by what is better, not by what is simpler.
  const tied =
    evaluation.champion === undefined ? simplestTied(evaluation, first, candidates) : undefined;
  const best = tied?.candidate ?? first;
  if (tied !== undefined) {
    reasons.push(
      `${best.name} is behind it there by no more than one standard error (${tied.behind.toFixed(4)}, standard error ${tied.standardError.toFixed(4)}), and simpler: ${simplerIn(best, first)}. So it is preferred.`,
    );
  }
  const ahead =
    best.kind === 'model' ? bestOf(rivalsAhead(evaluation, best, candidates)) : undefined;
  const chosen = ahead ?? best;
  for (const { name } of candidates) {
    if (name === best.name || (best.kind === 'model' && !isRival(evaluation, name))) continue;
    const difference = comparisonOf(evaluation, best.name, name);
    const found = compareInWords(best.name, describeRanker(evaluation, name), difference);
    reasons.push(`${found} (${differenceInNumbers(difference, evaluation.confidence)}).`);
  }
  if (ahead !== undefined) {
    reasons.push(
      `A trained model is not promoted over a rival that is better: ${ahead.name} takes its place (validation NDCG@10 ${ahead.validation.toFixed(4)}).`,
    );
  }
  return { chosen, reasons };
}

const isRival = ({ baselines }: Evaluation, name: string) =>
  baselines.some((rival) => rival.name === name);

/** Is another recipe better than the champion, and than the champion's recipe on the same data? */
function askAnother(
  evaluation: Evaluation,
  { minimumGain }: PromotionConfig,
  candidate: Candidate,
  heir: Candidate | undefined,
): Question[] {
  return [championLabel, ...(heir === undefined ? [] : [heir.name])].map((against) =>
    ask(evaluation, 'another-recipe', candidate.name, against, minimumGain),
  );
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
 * A verdict with something to know about what came of it; once, however often it is added.
 *
 * @param text a sentence in plain words
 */
export function append(verdict: Verdict, text: string): Verdict {
  return { ...verdict, reasons: [...verdict.reasons.filter((reason) => reason !== text), text] };
}

/**
 * The verdict on a winner that was to be promoted and could not be.
 *
 * @param why a sentence in plain words
 */
export function withdraw(verdict: Verdict, why: string): Verdict {
  // The last reason says that it becomes the champion.
  return {
    ...verdict,
    promoted: false,
    because: null,
    reasons: [...verdict.reasons.slice(0, -1), why],
  };
}

/** Is the champion's recipe with newer data not worse than the champion by more than the margin? */
function askNewer(
  evaluation: Evaluation,
  champion: NonNullable<Evaluation['champion']>,
  { nonInferiorityMargin }: PromotionConfig,
  heir: Candidate,
): Question[] {
  const value = champion.metrics[primaryMetric]!.value;
  return [ask(evaluation, 'newer-data', heir.name, championLabel, -nonInferiorityMargin * value)];
}

function ask(
  evaluation: Evaluation,
  asked: Question['asked'],
  candidate: string,
  against: string,
  bound: number,
): Question {
  const comparison = comparisonOf(evaluation, candidate, against);
  const { difference, low, high } = comparison;
  const word = wordOf(comparison);
  return { asked, candidate, against, difference, low, high, bound, word, passed: low > bound };
}

function explainQuestion(evaluation: Evaluation, asked: Question): string {
  const { candidate, bound, passed } = asked;
  const rival = describeRanker(evaluation, asked.against);
  const found = `${compareInWords(candidate, rival, asked)} (${differenceInNumbers(asked, evaluation.confidence)})`;
  const must = `The interval ${passed ? 'lies' : 'does not lie'} above ${signed(bound)}`;
  return asked.asked === 'another-recipe'
    ? `Another recipe must be better: ${found}. ${must}.`
    : `The champion's recipe with newer data must not be worse by more than a margin: ${found}. ${must}, the margin.`;
}
