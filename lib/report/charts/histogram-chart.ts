import type { Html } from '../html.ts';
import { lineChart } from './line-chart.ts';

/** Counts in bins of equal width. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
}

/** Distributions as outlines over the same bins, each as a share of its own total, so that they can be compared. */
export function histogramChart(
  distributions: readonly { readonly name: string; readonly histogram: Histogram }[],
  options: { readonly title: string; readonly xTitle: string },
): Html {
  const series = distributions.map(({ name, histogram }) => ({
    name,
    points: outline(histogram),
  }));
  return lineChart(series, { ...options, yTitle: 'share', yIncludes: [0] });
}

/** The upper edge of the bars. */
function outline({ low, high, counts }: Histogram) {
  const total = Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
  const width = (high - low) / counts.length;
  return counts.flatMap((count, bin) => {
    const y = count / total;
    const x = low + bin * width;
    return [
      { x, y },
      { x: x + width, y },
    ];
  });
}
