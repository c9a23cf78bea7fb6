import { type Html, html } from '../html.ts';
import {
  at,
  axes,
  type Drawing,
  isNarrow,
  legend,
  legendLines,
  linearAxis,
  picture,
  seriesLook,
} from './axis.ts';

/** A named line. */
export interface LineSeries {
  readonly name: string;
  /** Class of colour and dash; by default by its number. */
  readonly look?: string | undefined;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** The place of a point to mark, as the best epoch. */
  readonly marked?: number | undefined;
}

export interface LineChartOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Values that the axes show at least. */
  readonly xIncludes?: readonly number[];
  readonly yIncludes?: readonly number[];
  /** Ticks of the x axis are whole numbers. */
  readonly xIsWhole?: boolean;
  /** Draw the points as well. */
  readonly dots?: boolean;
}

const plotHeight = 240;

/** Lines over two numeric axes, told apart by colour and dash. */
export function lineChart(series: readonly LineSeries[], options: LineChartOptions): Html {
  const entries = series.map(({ name, look }, index) => ({
    name,
    look: look ?? seriesLook(index),
  }));
  const points = series.flatMap((one) => one.points);
  const range = (values: readonly number[]): [number, number] => [
    Math.min(...values),
    Math.max(...values),
  ];
  const xs = range([...points.map((point) => point.x), ...(options.xIncludes ?? [])]);
  const ys = range([...points.map((point) => point.y), ...(options.yIncludes ?? [])]);
  const padding = (ys[1] - ys[0]) * 0.04;
  return picture(options.title, (width): Drawing => {
    const narrow = isNarrow(width);
    const [left, right] = narrow ? [48, width - 8] : [70, width - 20];
    const legendLeft = narrow ? 0 : left;
    const top = 42 + legendLines(entries.length, right - legendLeft) * 18;
    const frame = { left, right, top, bottom: top + plotHeight };
    const x = linearAxis(xs, [left, right], narrow ? 4 : 8, options.xIsWhole);
    const y = linearAxis([ys[0] - padding, ys[1] + padding], [frame.bottom, frame.top]);
    const lines = series.map((one, index) => {
      const { look } = entries[index]!;
      const places = one.points.map((point) => `${at(x.place(point.x))},${at(y.place(point.y))}`);
      const marked = one.points.filter((_, place) => options.dots || place === one.marked);
      return html`<polyline class="line ${look}" points="${places.join(' ')}"/>${marked.map(
        (point) =>
          html`<circle class="dot ${look}" cx="${at(x.place(point.x))}" cy="${at(y.place(point.y))}" r="4"/>`,
      )}`;
    });
    const content = [
      legend(entries, legendLeft, 12, right - legendLeft),
      axes(frame, { axis: x, title: options.xTitle }, { axis: y, title: options.yTitle }),
      ...lines,
    ];
    return { height: frame.bottom + 46, content };
  });
}
