import type { Range } from './prices.ts';

/* Arithmetic with quantities that are known to lie between two values only. */

export const exactly = (value: number): Range => ({ low: value, expected: value, high: value });

export const scale = (range: Range, factor: number): Range => ({
  low: range.low * factor,
  expected: range.expected * factor,
  high: range.high * factor,
});

export const product = (a: Range, b: Range): Range => ({
  low: a.low * b.low,
  expected: a.expected * b.expected,
  high: a.high * b.high,
});

/** At worst, the job is stopped; one that is expected to be is no estimate (`checkLimits`). */
export const atWorst = ({ low, expected, high }: Range, limit: number): Range => ({
  low,
  expected,
  high: Math.max(expected, Math.min(high, limit)),
});

/** The time for an amount of work; the highest speed gives the lowest time. */
export const per = (amount: number, speed: Range): Range => ({
  low: amount / speed.high,
  expected: amount / speed.expected,
  high: amount / speed.low,
});

export const sum = (ranges: readonly Range[]): Range => ({
  low: ranges.reduce((total, range) => total + range.low, 0),
  expected: ranges.reduce((total, range) => total + range.expected, 0),
  high: ranges.reduce((total, range) => total + range.high, 0),
});
