import { type Html, html } from '../html.ts';
import { at, axes, legend, legendLines, linearAxis, picture, seriesClass } from './axis.ts';

/** A named line. */
export interface LineSeries {
  readonly name: string;
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

const width = 720;
const plotHeight = 240;

/** Lines over two numeric axes, told apart by colour and dash. */
export function lineChart(series: readonly LineSeries[], options: LineChartOptions): Html {
  const names = series.map((one) => one.name);
  const left = 70;
  const right = width - 20;
  const top = 42 + legendLines(names, right - left) * 18;
  const frame = { left, right, top, bottom: top + plotHeight };
  const points = series.flatMap((one) => one.points);
  const range = (values: readonly number[]): [number, number] => [
    Math.min(...values),
    Math.max(...values),
  ];
  const xs = range([...points.map((point) => point.x), ...(options.xIncludes ?? [])]);
  const ys = range([...points.map((point) => point.y), ...(options.yIncludes ?? [])]);
  const padding = (ys[1] - ys[0]) * 0.04;
  const x = linearAxis(xs, [frame.left, frame.right], 8, options.xIsWhole);
  const y = linearAxis([ys[0] - padding, ys[1] + padding], [frame.bottom, frame.top]);
  const lines = series.map((one, index) => {
    const kind = seriesClass(index);
    const places = one.points.map((point) => `${at(x.place(point.x))},${at(y.place(point.y))}`);
    const marked = one.points.filter((_, place) => options.dots || place === one.marked);
    return html`<polyline class="line ${kind}" points="${places.join(' ')}"/>${marked.map(
      (point) =>
        html`<circle class="dot ${kind}" cx="${at(x.place(point.x))}" cy="${at(y.place(point.y))}" r="4"/>`,
    )}`;
  });
  return picture({ width, height: frame.bottom + 46 }, options.title, [
    legend(names, left, 12, right - left),
    axes(frame, { axis: x, title: options.xTitle }, { axis: y, title: options.yTitle }),
    ...lines,
  ]);
}
