import { describe, expect, it } from 'vitest';
import { MessageWriter } from '#lib/graph/protobuf.ts';
import { summarise } from '../../../bench/trainer/profile.ts';
import { readStepStatistics, type TracedNode } from '../../../bench/trainer/step-statistics.ts';

function node(
  name: string,
  operation: string,
  inputs: string[],
  output: number[],
  seconds: number,
): TracedNode {
  return { name, operation, inputs, outputs: [output], seconds };
}

describe('Function: readStepStatistics', () => {
  it('reads operation, inputs, shapes and time of a node', () => {
    // Arrange
    const shape = [121, 18_000].reduce(
      (message, length) => message.message(2, new MessageWriter().integer(1, length)),
      new MessageWriter(),
    );
    const description = new MessageWriter().integer(1, 1).message(2, shape);
    const traced = new MessageWriter()
      .string(1, 'train/7-MatMul')
      .integer(2, 2 ** 50)
      .integer(3, 4)
      .integer(4, 3004)
      .message(7, new MessageWriter().integer(1, 0).message(3, description))
      .string(
        8,
        '[mklcpu 0.3MB 0.3MB] train/7-MatMul = _MklMatMul(train/5-Split:1, train/6-Pad, ^train/1)',
      );
    const device = new MessageWriter().string(1, '/device:CPU:0').message(2, traced);
    const metadata = new MessageWriter().message(1, new MessageWriter().message(1, device));

    // Act
    const nodes = readStepStatistics(metadata.finish());

    // Assess
    expect(nodes).toEqual([
      {
        name: 'train/7-MatMul',
        operation: '_MklMatMul',
        inputs: ['train/5-Split', 'train/6-Pad'],
        outputs: [[121, 18_000]],
        seconds: 0.003,
      },
    ]);
  });

  it('refuses what ends too early', () => {
    // Arrange
    const whole = new MessageWriter().message(1, new MessageWriter().string(1, 'device')).finish();

    // Act
    const read = () => readStepStatistics(whole.subarray(0, whole.length - 1));

    // Assess
    expect(read).toThrow(RangeError);
  });
});

describe('Function: summarise', () => {
  it('counts the operations of products from their shapes and sorts time by what it works on', () => {
    // Arrange: 1,000 items, padded to 1,024 columns for the arg-max
    const nodes = [
      node('states', 'Add', [], [10, 64], 0.001),
      node('table', 'Pad', [], [64, 1024], 0.002),
      node('logits', '_MklMatMul', ['states', 'table'], [10, 1024], 0.004),
      node('maxima', 'Max', ['logits'], [10, 32], 0.003),
      node('queries', '_MklBatchMatMulV2', ['batch', 'weights'], [4, 5, 7], 0.002),
      node('batch', 'Mul', [], [4, 5, 6], 0),
      node('weights', 'Mul', [], [4, 6, 7], 0),
    ];

    // Act
    const profile = summarise(nodes, { items: 1000, dimension: 64 });

    // Assess
    const overItems = 2 * 10 * 64 * 1024;
    const ofBackbone = 2 * 4 * 5 * 6 * 7;
    expect(profile.gigaflop).toBeCloseTo((overItems + ofBackbone) / 1e9, 12);
    expect(profile.productsGigaflops).toBeCloseTo(overItems / 0.004 / 1e9, 9);
    expect(profile.milliseconds).toBeCloseTo(12, 9);
    expect(profile.share.productsOverItems).toBeCloseTo(4 / 12, 9);
    expect(profile.share.passesOverItems).toBeCloseTo(3 / 12, 9);
    expect(profile.share.tables).toBeCloseTo(2 / 12, 9);
    expect(profile.share.backbone).toBeCloseTo(3 / 12, 9);
    expect(profile.longest[0]).toEqual({ what: 'MatMul [10,1024]', milliseconds: 4 });
  });
});
