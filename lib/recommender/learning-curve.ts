import type { EpochRecord } from './checkpoint.ts';

const width = 720;
const height = 360;
const margin = { left: 64, right: 64, top: 40, bottom: 44 };

/** One line of the plot. */
interface Curve {
  readonly label: string;
  readonly colour: string;
  readonly side: 'left' | 'right';
  readonly values: readonly number[];
}

/**
 * The learning curve as an SVG picture: training loss (left axis) and validation NDCG@10 (right axis) by epoch, the
 * best epoch marked.
 */
export function drawLearningCurve(
  name: string,
  records: readonly EpochRecord[],
  bestEpoch: number,
): string {
  const curves: Curve[] = [
    {
      label: 'training loss',
      colour: '#b3541e',
      side: 'left',
      values: records.map(({ loss }) => loss),
    },
    {
      label: 'validation NDCG@10',
      colour: '#1f5fa8',
      side: 'right',
      values: records.map((record) => record['validation_ndcg@10']),
    },
  ];
  const epochs = records.map(({ epoch }) => epoch);
  const first = epochs[0] ?? 0;
  const last = Math.max(epochs.at(-1) ?? 1, first + 1);
  const x = (epoch: number) =>
    margin.left + ((epoch - first) / (last - first)) * (width - margin.left - margin.right);
  const bottom = height - margin.bottom;
  const parts = [
    `<text x="${margin.left}" y="20" font-size="14">${escapeText(name)}</text>`,
    `<path d="M${margin.left} ${margin.top}V${bottom}H${width - margin.right}V${margin.top}" fill="none" stroke="#999"/>`,
    ...ticks(first, last, 8, true).map((epoch) =>
      label(x(epoch), bottom + 18, String(epoch), 'middle'),
    ),
    label(width / 2, height - 8, 'epoch', 'middle'),
    ...curves.flatMap((curve) => drawCurve(curve, epochs, x, bottom)),
  ];
  if (bestEpoch >= first && bestEpoch <= last && records.length > 0) {
    parts.push(
      `<path d="M${fixed(x(bestEpoch))} ${margin.top}V${bottom}" stroke="#666" stroke-dasharray="4 4"/>`,
      label(x(bestEpoch), margin.top - 4, `best: epoch ${bestEpoch}`, 'middle'),
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

function drawCurve(
  curve: Curve,
  epochs: readonly number[],
  x: (epoch: number) => number,
  bottom: number,
): string[] {
  if (curve.values.length === 0) return [];
  const low = Math.min(...curve.values);
  const high = Math.max(...curve.values);
  const span = high > low ? high - low : 1;
  const y = (value: number) => bottom - ((value - low) / span) * (bottom - margin.top);
  const points = curve.values.map(
    (value, index) => `${fixed(x(epochs[index]!))},${fixed(y(value))}`,
  );
  const isLeft = curve.side === 'left';
  const axis = isLeft ? margin.left - 6 : width - margin.right + 6;
  const anchor = isLeft ? 'end' : 'start';
  return [
    `<polyline points="${points.join(' ')}" fill="none" stroke="${curve.colour}" stroke-width="2"/>`,
    ...ticks(low, high, 5, false).map((value) =>
      label(axis, y(value) + 4, String(Number(value.toPrecision(4))), anchor, curve.colour),
    ),
    label(isLeft ? 8 : width - 8, 32, curve.label, isLeft ? 'start' : 'end', curve.colour),
  ];
}

/** Round numbers within a range. */
function ticks(low: number, high: number, count: number, isWhole: boolean): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough)!;
  const step = isWhole ? Math.max(1, Math.round(nice)) : nice;
  const begin = Math.ceil(low / step);
  const result: number[] = [];
  for (let index = begin; index * step <= high + step * 1e-9; index++) result.push(index * step);
  return result;
}

function label(x: number, y: number, text: string, anchor: string, colour = '#444'): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" fill="${colour}">${escapeText(text)}</text>`;
}

const fixed = (value: number) => String(Number(value.toFixed(1)));

const escapeText = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
