import { metric } from '../format.ts';
import { type Html, html } from '../html.ts';
import { at, type Drawing, isNarrow, linearAxis, picture } from './axis.ts';

/** A value with its interval. */
export interface IntervalRow {
  readonly name: string;
  /** Shape of the mark. */
  readonly kind: 'model' | 'champion' | 'rival';
  /** Class of the colour. */
  readonly look: string;
  readonly isEmphasised: boolean;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const top = 12;

/** One line per row: the interval as a bar, the value as a mark, and in digits at the end. */
export function intervalChart(title: string, rows: readonly IntervalRow[]): Html {
  const low = Math.min(...rows.map((row) => row.low), ...rows.map((row) => row.value));
  const high = Math.max(...rows.map((row) => row.high), ...rows.map((row) => row.value));
  const padding = (high - low) * 0.05;
  return picture(title, (width): Drawing => {
    const narrow = isNarrow(width);
    const rowHeight = narrow ? 44 : 28;
    const [left, right] = narrow ? [14, width - 14] : [250, width - 80];
    const bottom = top + rows.length * rowHeight;
    const x = linearAxis([Math.min(0, low), high + padding], [left, right], narrow ? 4 : 6);
    const grid = x.ticks.map((tick) => {
      const place = at(x.place(tick));
      return html`<line class="grid" x1="${place}" x2="${place}" y1="${top}" y2="${bottom}"/><text class="tick" x="${place}" y="${bottom + 18}" text-anchor="middle">${x.label(tick)}</text>`;
    });
    const marks = rows.map((row, index) => {
      const y = top + index * rowHeight + (narrow ? 30 : 14);
      const weight = row.isEmphasised ? 'label strong' : 'label';
      const words = narrow
        ? html`<text class="${weight}" x="0" y="${y - 18}" dy="0.32em">${row.name}</text><text class="${weight}" x="${width}" y="${y - 18}" dy="0.32em" text-anchor="end">${metric(row.value)}</text>`
        : html`<text class="${weight}" x="${left - 12}" y="${y}" dy="0.32em" text-anchor="end">${row.name}</text><text class="${weight}" x="${right + 12}" y="${y}" dy="0.32em">${metric(row.value)}</text>`;
      return html`${words}<line class="interval ${row.look}" x1="${at(x.place(row.low))}" x2="${at(x.place(row.high))}" y1="${y}" y2="${y}"/>${mark(row.kind, row.look, x.place(row.value), y)}`;
    });
    return { height: bottom + 28, content: [...grid, ...marks] };
  });
}

/** A circle for a model, a square for a rival, a diamond for the champion. */
export function mark(kind: IntervalRow['kind'], look: string, x: number, y: number): Html {
  switch (kind) {
    case 'champion':
      return html`<path class="mark ${look}" d="M${at(x)} ${at(y - 7)}l7 7l-7 7l-7 -7z"/>`;
    case 'rival':
      return html`<rect class="mark ${look}" x="${at(x - 5)}" y="${at(y - 5)}" width="10" height="10"/>`;
    case 'model':
      return html`<circle class="mark ${look}" cx="${at(x)}" cy="${at(y)}" r="6"/>`;
  }
}
