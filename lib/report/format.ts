import type { Estimate } from '#lib/evaluation/evaluation-file.ts';

/** A metric: four decimals. */
export const metric = (value: number): string => value.toFixed(4);

/** A difference of metrics: four decimals and a sign. */
export const signed = (value: number): string =>
  `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

/** A reward: two decimals. */
export const reward = (value: number): string => value.toFixed(2).replace('-', '−');

/** A share as percent, one decimal. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)}\u202f%`;

/** A whole number with thin spaces between groups of three digits. */
export const whole = (value: number): string =>
  String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, '\u202f');

/** An interval in brackets. */
export const interval = ({ low, high }: Pick<Estimate, 'low' | 'high'>): string =>
  `[${low.toFixed(4)}, ${high.toFixed(4)}]`;

/** A duration as people say it. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const total = Math.round(seconds);
  if (total < 60) return `${total} s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes} min ${total % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A p-value; below a thousandth the order alone matters. */
export const pValue = (value: number): string => (value < 0.001 ? '< 0.001' : value.toFixed(3));

/** How metrics are called in print. */
export function metricName(name: string): string {
  return name
    .replace(/^hr@/, 'HR@')
    .replace(/^ndcg@/, 'NDCG@')
    .replace(/^mrr@/, 'MRR@');
}
