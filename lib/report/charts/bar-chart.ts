import { type Html, html } from '../html.ts';
import { at, picture } from './axis.ts';

/** A named length. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** How the value is written. */
  readonly label: string;
  /** Muted bars are what was left out. */
  readonly isMuted?: boolean;
}

const width = 720;
const rowHeight = 26;
const left = 250;
const right = 600;

/** Horizontal bars from 0, the value at the end of each. */
export function barChart(title: string, bars: readonly Bar[]): Html {
  const largest = Math.max(...bars.map((bar) => bar.value), Number.MIN_VALUE);
  const rows = bars.map((bar, index) => {
    const y = index * rowHeight + 4;
    const length = (bar.value / largest) * (right - left);
    const visible = bar.value > 0 ? Math.max(length, 1) : 0;
    return html`<text class="label" x="${left - 12}" y="${y + 9}" dy="0.32em" text-anchor="end">${bar.name}</text><rect class="${bar.isMuted ? 'bar muted' : 'bar'}" x="${left}" y="${y}" width="${at(visible)}" height="18" rx="2"/><text class="label" x="${at(left + visible + 8)}" y="${y + 9}" dy="0.32em">${bar.label}</text>`;
  });
  return picture({ width, height: bars.length * rowHeight + 4 }, title, rows);
}
