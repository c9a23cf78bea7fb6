import { type Html, html } from '../html.ts';
import { at, type Drawing, isNarrow, picture } from './axis.ts';

/** A named length. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** How the value is written. */
  readonly label: string;
  /** Muted bars are what was left out. */
  readonly isMuted?: boolean;
}

/** Where the parts of a row are, at a width. */
interface Row {
  readonly height: number;
  readonly barLeft: number;
  readonly barRight: number;
  readonly barTop: number;
}

const rowAt = (width: number): Row =>
  isNarrow(width)
    ? { height: 42, barLeft: 0, barRight: width - 4, barTop: 18 }
    : { height: 26, barLeft: 250, barRight: width - 120, barTop: 0 };

/** Horizontal bars from 0, the value at the end of each; on narrow screens names and values are above the bars. */
export function barChart(title: string, bars: readonly Bar[]): Html {
  const largest = Math.max(...bars.map((bar) => bar.value), Number.MIN_VALUE);
  return picture(title, (width): Drawing => {
    const row = rowAt(width);
    const content = bars.map((bar, index) => {
      const top = index * row.height + 4;
      const length = (bar.value / largest) * (row.barRight - row.barLeft);
      const visible = bar.value > 0 ? Math.max(length, 1) : 0;
      const look = bar.isMuted ? 'bar muted' : 'bar';
      const rectangle = html`<rect class="${look}" x="${row.barLeft}" y="${top + row.barTop}" width="${at(visible)}" height="18" rx="2"/>`;
      return isNarrow(width)
        ? html`<text class="label" x="0" y="${top + 8}" dy="0.32em">${bar.name}</text><text class="label" x="${width}" y="${top + 8}" dy="0.32em" text-anchor="end">${bar.label}</text>${rectangle}`
        : html`<text class="label" x="${row.barLeft - 12}" y="${top + 9}" dy="0.32em" text-anchor="end">${bar.name}</text>${rectangle}<text class="label" x="${at(row.barLeft + visible + 8)}" y="${top + 9}" dy="0.32em">${bar.label}</text>`;
    });
    return { height: bars.length * row.height + 4, content };
  });
}
