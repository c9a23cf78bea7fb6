import { barChart } from '../charts/bar-chart.ts';
import { duration } from '../format.ts';
import { type Html, html } from '../html.ts';

/** How long a state of the run took. */
export interface StateTiming {
  readonly state: string;
  readonly seconds: number;
}

/** How long each state took. */
export function timingsSection(timings: readonly StateTiming[]): Html | undefined {
  if (timings.length === 0) return undefined;
  const total = timings.reduce((sum, { seconds }) => sum + seconds, 0);
  return html`${barChart(
    'Time by state',
    timings.map(({ state, seconds }) => ({
      name: state,
      value: seconds,
      label: duration(seconds),
    })),
  )}<p>${duration(total)} in all.</p>`;
}
