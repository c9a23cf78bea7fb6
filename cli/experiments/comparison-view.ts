import type { IntervalRow } from '#lib/report/charts/interval-chart.ts';
import { signed } from '#lib/report/format.ts';
import { type Html, html } from '#lib/report/html.ts';
import type { Verdict } from './results.ts';

/** A difference of two rankers, with its interval. */
interface Difference {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/** A comparison's line in a picture of intervals. */
export const comparisonRow = (
  name: string,
  own: Difference & { readonly verdict: Verdict },
): IntervalRow => ({
  name,
  kind: own.verdict === 'none' ? 'rival' : 'model',
  look: own.verdict === 'none' ? 'rival' : own.verdict === 'better' ? 'series-2' : 'series-3',
  isEmphasised: own.verdict !== 'none',
  value: own.difference,
  low: own.low,
  high: own.high,
});

/** `+0.0012 (−0.0003 to +0.0027)` */
export const difference = (own: Difference) =>
  `${signed(own.difference)} (${signed(own.low)} to ${signed(own.high)})`;

/** Names of rankers are long: they may break anywhere. */
export const experimentStyle: Html = html`<style>h1, h3, li, .run { overflow-wrap: anywhere; } tbody th.long { max-width: 20rem; }</style>`;
