import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import { bestOf, type Candidate, comparisonOf, describeRanker } from './candidates.ts';
import { compareInWords, differenceInNumbers, wordOf } from './words.ts';

/** What it means that a rival of this name is ahead of trained models, and what to try. */
const advice: readonly (readonly [name: RegExp, meaning: string])[] = [
  [
    /recent/,
    'What is taken changes from week to week, and the model does not know when it is asked: give it the recent counts.',
  ],
  [
    /^repeat-last$/,
    'People return to what they took: look at sequences.excludeHistory, and at whether the log repeats events that are one action.',
  ],
  [
    /^popularity$/,
    'The histories tell the model less than the counts of items alone do: there are too few actions for each item, or the training stopped too early. Look at the learning curves; try more data or a smaller training.dimension.',
  ],
  [
    /rules/,
    'The last few actions say most, and counting what follows what is enough for this much data: try a higher training.dropout, text vectors for items with few actions, or more data.',
  ],
  [
    /knn|ease/,
    'What is taken together matters more than the order: try training.futureActions, or a shorter sequences.window.',
  ],
];

/** Rivals that a diagnosis speaks of, the furthest ahead first. */
const rivalsNamed = 2;

/** Why trained models are behind a rival, if the test cases show so or validation chose the rival, and what to try. */
export function diagnose(evaluation: Evaluation, candidates: readonly Candidate[]): string[] {
  const trained = bestOf(candidates.filter(({ kind }) => kind === 'model'));
  if (trained === undefined) return [];
  const said = new Set<string>();
  return candidates
    .filter(({ kind }) => kind === 'rival')
    .map((rival) => ({ rival, difference: comparisonOf(evaluation, trained.name, rival.name) }))
    .filter(
      ({ rival, difference }) =>
        wordOf(difference) === 'worse' || rival.validation > trained.validation,
    )
    .sort((a, b) => a.difference.difference - b.difference.difference)
    .slice(0, rivalsNamed)
    .map(({ rival, difference }) => {
      const cases = wordOf(difference) === 'worse' ? 'test' : 'validation';
      const what = compareInWords(trained.name, describeRanker(evaluation, rival.name), difference);
      const numbers = differenceInNumbers(difference, evaluation.confidence);
      const found = advice.find(([name]) => name.test(rival.name))?.[1] ?? '';
      const meaning = said.has(found) ? '' : found;
      said.add(found);
      return `The best trained model is behind on the ${cases} cases: ${what} (${numbers}). ${meaning}`.trim();
    });
}
