import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearAxis } from '#lib/report/charts/axis.ts';
import { barChart } from '#lib/report/charts/bar-chart.ts';
import { histogramChart } from '#lib/report/charts/histogram-chart.ts';
import { intervalChart } from '#lib/report/charts/interval-chart.ts';
import { lineChart } from '#lib/report/charts/line-chart.ts';
import { duration, percent, pValue, signed, whole } from '#lib/report/format.ts';

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe('Function: linearAxis', () => {
  it('puts its ends where they belong and round ticks between them', () => {
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        // Arrange
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        fc.pre(high - low > 1e-6);

        // Act
        const axis = linearAxis([low, high], [100, 700]);

        // Assess
        expect(axis.place(low)).toBeCloseTo(100, 6);
        expect(axis.place(high)).toBeCloseTo(700, 6);
        expect(axis.ticks.length).toBeGreaterThan(0);
        expect(axis.ticks.length).toBeLessThan(8);
        for (const tick of axis.ticks) {
          expect(axis.place(tick)).toBeGreaterThan(99.9);
          expect(axis.place(tick)).toBeLessThan(700.1);
        }
        expect(new Set(axis.ticks.map(axis.label)).size).toBe(axis.ticks.length);
      }),
    );
  });

  it('labels with as many decimals as the ticks need', () => {
    const axis = linearAxis([-0.12, 0.11], [0, 100], 4);
    expect(axis.ticks.map(axis.label)).toEqual(['−0.1', '0.0', '0.1']);
  });

  it('shows a single value too', () => {
    const axis = linearAxis([3, 3], [0, 10]);
    expect(axis.place(3)).toBe(5);
  });
});

describe('Charts', () => {
  it('draw whatever numbers they get', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 12 }), (values) => {
        // Act
        const pictures = [
          lineChart([{ name: 'a', points: values.map((y, x) => ({ x, y })), marked: 0 }], {
            title: 't',
            xTitle: 'x',
            yTitle: 'y',
          }),
          barChart(
            't',
            values.map((value) => ({ name: 'a', value: Math.abs(value), label: 'b' })),
          ),
          intervalChart(
            't',
            values.map((value) => ({
              name: 'a',
              kind: 'model' as const,
              look: 'series-0',
              isEmphasised: value > 0,
              value,
              low: value - 1,
              high: value + 1,
            })),
          ),
          histogramChart(
            [{ name: 'a', histogram: { low: -1, high: 2, counts: values.map(Math.abs) } }],
            { title: 't', xTitle: 'x' },
          ),
        ];

        // Assess
        for (const picture of pictures) expect(picture.text).not.toMatch(/NaN|Infinity|undefined/);
      }),
    );
  });

  it('draw bars in proportion', () => {
    const { text } = barChart('t', [
      { name: 'whole', value: 200, label: '' },
      { name: 'half', value: 100, label: '' },
      { name: 'nothing', value: 0, label: '' },
    ]);
    const widths = [...text.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map((match) => +match[1]!);
    expect(widths).toEqual([350, 175, 0, 346, 173, 0]); // on wide screens, then on narrow ones
  });
});

describe('Formats', () => {
  it.each([
    [signed(0.01234), '+0.0123'],
    [signed(-0.5), '−0.5000'],
    [percent(0.1234), '12.3\u202f%'],
    [whole(1_234_567), '1\u202f234\u202f567'],
    [whole(999), '999'],
    [duration(0.25), '0.3 s'],
    [duration(59.6), '1 min 0 s'],
    [duration(3725), '1 h 2 min'],
    [pValue(0.0004), '< 0.001'],
    [pValue(0.0312), '0.031'],
  ])('%s', (formatted, expected) => {
    expect(formatted).toBe(expected);
  });
});
