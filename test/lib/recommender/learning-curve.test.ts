import { describe, expect, it } from 'vitest';
import { drawLearningCurve } from '#lib/recommender/learning-curve.ts';

const record = (epoch: number, loss: number, ndcg: number) => ({
  epoch,
  step: epoch * 10,
  loss,
  'validation_hr@10': ndcg,
  'validation_ndcg@10': ndcg,
});

describe('Function: drawLearningCurve', () => {
  it('draws both curves within the picture and marks the best epoch', () => {
    // Arrange
    const records = [record(1, 7.2, 0.05), record(2, 6.1, 0.11), record(3, 5.9, 0.1)];

    // Act
    const svg = drawLearningCurve('a <b> & c', records, 2);

    // Assess
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
    const lines = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) =>
      points!.split(' ').map((point) => point.split(',').map(Number) as [number, number]),
    );
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toHaveLength(3);
      for (const [x, y] of line) {
        expect(x).toBeGreaterThan(0);
        expect(x).toBeLessThan(width!);
        expect(y).toBeGreaterThan(0);
        expect(y).toBeLessThan(height!);
      }
    }
    // Loss falls, so that its line goes down the picture; the second epoch is validation's highest.
    expect(lines[0]![2]![1]).toBeGreaterThan(lines[0]![0]![1]);
    expect(Math.min(...lines[1]!.map(([, y]) => y))).toBe(lines[1]![1]![1]);
    expect(svg).toContain('best: epoch 2');
    expect(svg).toContain('a &lt;b&gt; &amp; c');
  });

  it.each([
    ['no epoch', []],
    ['one epoch', [record(1, 3, 0.1)]],
    ['constant values', [record(1, 3, 0), record(2, 3, 0)]],
  ])('draws %s', (_, records) => {
    expect(drawLearningCurve('model', records, records.length)).not.toContain('NaN');
  });
});
