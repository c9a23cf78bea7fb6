import { linearAxis } from '#lib/report/charts/axis.ts';
import { html } from '#lib/report/html.ts';

/** A named value with its interval. */
export interface IntervalBar {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** What the others are compared with, or what is no recommender. */
  readonly isMuted?: boolean;
}

const width = 720;
const [left, right, top, row] = [210, 640, 44, 24] as const;

/**
 * Horizontal bars with intervals as an SVG file that stands by itself: it brings its own colours, for light and dark.
 *
 * @param digits decimals of the values at the end of the bars
 */
export function intervalBars(title: string, bars: readonly IntervalBar[], digits: number): string {
  const ends = bars.flatMap(({ value, low, high }) => [value, low, high]);
  const x = linearAxis([Math.min(0, ...ends), Math.max(0, ...ends)], [left, right], 6);
  const bottom = top + bars.length * row;
  const place = (value: number) => x.place(value).toFixed(1);
  const grid = x.ticks.map(
    (tick) =>
      html`<line class="grid" x1="${place(tick)}" x2="${place(tick)}" y1="${top}" y2="${bottom}"/><text x="${place(tick)}" y="${bottom + 18}" text-anchor="middle">${x.label(tick)}</text>`,
  );
  const marks = bars.map(({ name, value, low, high, isMuted }, at) => {
    const y = top + at * row;
    const [from, to] = [Math.min(x.place(0), x.place(value)), Math.max(x.place(0), x.place(value))];
    const middle = y + row / 2;
    return html`<text x="${left - 10}" y="${middle}" dy="0.32em" text-anchor="end">${name}</text><rect class="${isMuted ? 'muted' : 'bar'}" x="${from.toFixed(1)}" y="${y + 5}" width="${(to - from).toFixed(1)}" height="${row - 10}"/><line class="interval" x1="${place(low)}" x2="${place(high)}" y1="${middle}" y2="${middle}"/><text x="${width - 4}" y="${middle}" dy="0.32em" text-anchor="end">${value.toFixed(digits)}</text>`;
  });
  return `${
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 28}" role="img" aria-label="${title}"><style>text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:14px}.bar{fill:#4477aa}.muted{fill:#bbb}.grid{stroke:#ddd}.interval{stroke:#222;stroke-width:1.5}@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}.interval{stroke:#eee}.muted{fill:#666}}</style><text class="title" x="8" y="22">${title}</text>${grid}${marks}</svg>`
      .text
  }\n`;
}
