import { metric } from '../format.ts';
import { type Html, html } from '../html.ts';
import { at, linearAxis, picture } from './axis.ts';

/** A value with its interval. */
export interface IntervalRow {
  readonly name: string;
  /** Shape and colour of the mark. */
  readonly kind: 'winner' | 'model' | 'champion' | 'baseline';
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const width = 720;
const rowHeight = 28;
const frame = { left: 190, right: 640, top: 12 };

/** One line a row: the interval as a bar, the value as a mark, the number at the end. */
export function intervalChart(title: string, rows: readonly IntervalRow[]): Html {
  const bottom = frame.top + rows.length * rowHeight;
  const low = Math.min(...rows.map((row) => row.low), ...rows.map((row) => row.value));
  const high = Math.max(...rows.map((row) => row.high), ...rows.map((row) => row.value));
  const padding = (high - low) * 0.05;
  const x = linearAxis([Math.min(0, low), high + padding], [frame.left, frame.right], 6);
  const grid = x.ticks.map((tick) => {
    const place = at(x.place(tick));
    return html`<line class="grid" x1="${place}" x2="${place}" y1="${frame.top}" y2="${bottom}"/><text class="tick" x="${place}" y="${bottom + 18}" text-anchor="middle">${x.label(tick)}</text>`;
  });
  const marks = rows.map((row, index) => {
    const y = frame.top + (index + 0.5) * rowHeight;
    return html`<text class="label" x="${frame.left - 12}" y="${y}" dy="0.32em" text-anchor="end">${row.name}</text><line class="interval ${row.kind}" x1="${at(x.place(row.low))}" x2="${at(x.place(row.high))}" y1="${y}" y2="${y}"/>${mark(row.kind, x.place(row.value), y)}<text class="label" x="${frame.right + 12}" y="${y}" dy="0.32em">${metric(row.value)}</text>`;
  });
  return picture({ width, height: bottom + 28 }, title, [...grid, ...marks]);
}

function mark(kind: IntervalRow['kind'], x: number, y: number): Html {
  switch (kind) {
    case 'champion':
      return html`<path class="mark ${kind}" d="M${at(x)} ${at(y - 7)}l7 7l-7 7l-7 -7z"/>`;
    case 'baseline':
      return html`<rect class="mark ${kind}" x="${at(x - 5)}" y="${at(y - 5)}" width="10" height="10"/>`;
    default:
      return html`<circle class="mark ${kind}" cx="${at(x)}" cy="${at(y)}" r="6"/>`;
  }
}
