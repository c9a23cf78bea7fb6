import { type LineSeries, lineChart } from '#lib/report/charts/line-chart.ts';
import type { Html } from '#lib/report/html.ts';
import { style } from '#lib/report/style.ts';
import type { ExperimentResults } from './results.ts';

/** Lines that can be told apart in one picture. */
export const linesShown = 7;

const secondsOfDay = 86_400;

/** A model's name in a picture: settings are long. */
export const shorten = (name: string) =>
  name.length <= 36 ? name : `${name.slice(0, 16)}…${name.slice(-19)}`;

/** What a training of each model took, seconds, and its NDCG@10; controls left out. */
export function costPoints({ models, summary }: ExperimentResults) {
  return summary
    .filter(({ controls }) => controls === null)
    .map(({ name, mean }) => {
      const cells = models.filter((cell) => cell.name === name);
      const seconds = cells.reduce((sum, cell) => sum + cell.trainingSeconds, 0) / cells.length;
      return { name, x: seconds, y: mean.ndcg10 };
    });
}

export const costChart = (results: ExperimentResults): Html =>
  lineChart(
    costPoints(results)
      .slice(0, linesShown)
      .map(({ name, x, y }) => ({ name: shorten(name), points: [{ x, y }] })),
    {
      title: 'NDCG@10 by what a training took',
      xTitle: 'seconds of a training',
      xIncludes: [0],
      yTitle: 'NDCG@10',
      dots: true,
    },
  );

/** The best rival and the models, as many as can be told apart, by days since the first test case. */
export function trendChart(trend: ExperimentResults['trend']): Html {
  const begin = trend[0]!.from;
  const names = trend[0]!.rankers.map(({ name }) => name).slice(0, linesShown);
  const series = names.map(
    (name, at): LineSeries => ({
      name: shorten(name),
      points: trend.map(({ from, to, rankers }) => ({
        x: ((from + to) / 2 - begin) / secondsOfDay,
        y: rankers[at]!.ndcg10,
      })),
    }),
  );
  return lineChart(series, {
    title: 'NDCG@10 by time of the test cases',
    xTitle: 'days since the first test case',
    yTitle: 'NDCG@10',
    dots: true,
  });
}

/** Of the first seed of each model. */
function learningChart({ models, summary }: ExperimentResults): Html | undefined {
  const series = summary
    .filter(({ controls }) => controls === null)
    .slice(0, linesShown)
    .flatMap(({ name }): LineSeries[] => {
      const cell = models.find((model) => model.name === name && model.curve.length > 0);
      if (cell === undefined) return [];
      const { curve, bestEpoch } = cell;
      return [
        {
          name: shorten(name),
          points: curve.map((own) => ({ x: own.epoch, y: own['validation_ndcg@10'] })),
          marked: curve.findIndex(({ epoch }) => epoch === bestEpoch),
        },
      ];
    });
  if (series.length === 0) return undefined;
  return lineChart(series, {
    title: 'Validation NDCG@10 by epoch',
    xTitle: 'epoch',
    xIsWhole: true,
    yTitle: 'NDCG@10',
  });
}

/** The pictures of an experiment that are no bars, as SVG files by name. */
export function chartFiles(results: ExperimentResults): Readonly<Record<string, string>> {
  const charts: readonly (readonly [string, Html | undefined])[] = [
    ['cost.svg', results.summary.length === 0 ? undefined : costChart(results)],
    ['learning.svg', learningChart(results)],
    ['trend.svg', results.trend.length === 0 ? undefined : trendChart(results.trend)],
  ];
  return Object.fromEntries(
    charts.flatMap(([name, chart]) => (chart === undefined ? [] : [[name, standalone(chart)]])),
  );
}

/** The wide drawing of a chart as a file that stands by itself: it brings the report's colours, for light and dark. */
function standalone({ text }: Html): string {
  const end = '</svg>';
  const drawing = text.slice(text.indexOf('<svg'), text.indexOf(end) + end.length);
  const font = '<style>svg { font: 13px system-ui, sans-serif; }</style>';
  return `${drawing
    .replace('<svg class="chart wide"', '<svg xmlns="http://www.w3.org/2000/svg" class="chart"')
    .replace('>', `>${style.text}${font}`)}\n`;
}
