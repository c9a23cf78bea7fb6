import type { Comparison } from '#lib/evaluation/evaluation-file.ts';

/** How a difference came out. */
export const words = ['better', 'worse', 'no difference shown'] as const;
export type Word = (typeof words)[number];

export type Difference = Pick<Comparison, 'difference' | 'low' | 'high'>;

/** What an interval shows: that the first is better, that it is worse, or neither. */
export function wordOf({ low, high }: Pick<Difference, 'low' | 'high'>): Word {
  if (low > 0) return 'better';
  return high < 0 ? 'worse' : 'no difference shown';
}

/** `a is better than b`, `a is worse than b`, `a against b: no difference shown`. */
export function compareInWords(a: string, b: string, difference: Difference): string {
  const word = wordOf(difference);
  return word === 'no difference shown'
    ? `${a} against ${b}: ${word}`
    : `${a} is ${word} than ${b}`;
}

/** The numbers behind the words. */
export function differenceInNumbers(
  { difference, low, high }: Difference,
  confidence: number,
): string {
  const percent = Math.round(confidence * 100);
  return `test NDCG@10 ${signed(difference)}, ${percent} % interval ${signed(low)} to ${signed(high)}`;
}

/** Four decimals and a sign. */
export function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
}
