import type { Verdict } from './results.ts';

/** A control is its model's: `itself, states-permuted`. */
export const besides = ({ a, b }: { readonly a: string; readonly b: string }) =>
  b.startsWith(`${a}, `) ? `itself${b.slice(a.length)}` : b;

export const words = (verdict: Verdict) =>
  verdict === 'none' ? 'no difference is shown' : verdict;

/** `+0.0012 (-0.0003 to +0.0027)` */
export const interval = ({
  difference,
  low,
  high,
}: {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}) => `${signed(difference)} (${signed(low)} to ${signed(high)})`;

const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
