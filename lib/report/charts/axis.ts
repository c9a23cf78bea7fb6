import { type Html, html } from '../html.ts';

/** Maps values to places along an axis. */
export interface Axis {
  readonly ticks: readonly number[];
  place(value: number): number;
  /** A tick's label, with as many decimals as the ticks need. */
  label(value: number): string;
}

/**
 * A linear axis with round ticks.
 *
 * @param domain smallest and largest value to show; widened if they are the same
 * @param range places of these two, in units of the picture
 * @param count ticks wanted, about
 * @param isWhole ticks are whole numbers
 */
export function linearAxis(
  domain: readonly [number, number],
  range: readonly [number, number],
  count = 5,
  isWhole = false,
): Axis {
  const isWide = domain[1] - domain[0] > 1e-9;
  const [low, high] = isWide ? domain : [domain[0] - 0.5, domain[1] + 0.5];
  const rough = roundStep((high - low) / count);
  const step = isWhole ? Math.max(1, Math.round(rough)) : rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    ticks: Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step),
    place: (value) => range[0] + ((value - low) / (high - low)) * (range[1] - range[0]),
    label: (value) => (Math.abs(value) < step / 2 ? 0 : value).toFixed(decimals).replace('-', '−'),
  };
}

/** The smallest of 1, 2, 5 times a power of ten that is at least `rough`. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * (1 - 1e-9))!;
}

/** A place in the picture, one decimal. */
export const at = (value: number): string => String(Number(value.toFixed(1)));

/** A picture drawn at some width. */
export interface Drawing {
  readonly height: number;
  readonly content: readonly Html[];
}

/** Widths of a picture: that of a page, and that of a telephone held upright; the style sheet shows one of them. */
const widths = { wide: 720, narrow: 350 } as const;

/**
 * A chart, drawn for wide and for narrow screens, so that its writing is legible on both. Tells screen readers what it
 * shows.
 *
 * @param draw the chart at a width
 */
export function picture(title: string, draw: (width: number) => Drawing): Html {
  return html`${Object.entries(widths).map(([name, width]) => {
    const { height, content } = draw(width);
    return html`<svg class="chart ${name}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"><title>${title}</title>${content}</svg>`;
  })}`;
}

/** Whether there is too little room for names beside what they name. */
export const isNarrow = (width: number): boolean => width < 600;

/** The place of a plot inside its picture. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Grid, tick labels and titles of a plot with two numeric axes. */
export function axes(
  frame: Frame,
  x: { readonly axis: Axis; readonly title: string },
  y: { readonly axis: Axis; readonly title: string },
): Html {
  return html`${y.axis.ticks.map((tick) => {
    const place = at(y.axis.place(tick));
    return html`<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${place}" y2="${place}"/><text class="tick" x="${frame.left - 8}" y="${place}" dy="0.32em" text-anchor="end">${y.axis.label(tick)}</text>`;
  })}${x.axis.ticks.map(
    (tick) =>
      html`<text class="tick" x="${at(x.axis.place(tick))}" y="${frame.bottom + 18}" text-anchor="middle">${x.axis.label(tick)}</text>`,
  )}<line class="axis" x1="${frame.left}" x2="${frame.right}" y1="${frame.bottom}" y2="${frame.bottom}"/><text class="tick" x="${(frame.left + frame.right) / 2}" y="${frame.bottom + 38}" text-anchor="middle">${x.title}</text><text class="tick" x="2" y="${frame.top - 12}">${y.title}</text>`;
}

/** What a legend says of a series. */
export interface LegendEntry {
  readonly name: string;
  /** Class of its colour and dash. */
  readonly look: string;
}

/** Names of series above a plot, each with its line. */
export function legend(entries: readonly LegendEntry[], x: number, y: number, width: number): Html {
  const { column, perLine } = legendColumns(entries.length, width);
  return html`${entries.map(({ name, look }, index) => {
    const left = x + (index % perLine) * column;
    const top = y + Math.floor(index / perLine) * 18;
    return html`<line class="line ${look}" x1="${at(left)}" x2="${at(left + 22)}" y1="${top}" y2="${top}"/><text class="label" x="${at(left + 28)}" y="${top}" dy="0.32em">${name}</text>`;
  })}`;
}

/** Lines that a legend of so many names takes. */
export function legendLines(entries: number, width: number): number {
  return Math.ceil(entries / legendColumns(entries, width).perLine);
}

function legendColumns(entries: number, width: number): { column: number; perLine: number } {
  const column = Math.max(230, Math.min(width / Math.max(1, entries), 260));
  return { column, perLine: Math.max(1, Math.floor(width / column)) };
}

/** Colour and dash of a series by its number; they repeat after seven. */
export const seriesLook = (index: number): string => `series-${index % 7}`;
