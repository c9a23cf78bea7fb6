import { describe, expect, it } from 'vitest';
import { compile } from '#lib/graph/compile.ts';
import {
  sparseSoftmaxCrossEntropy,
  sparseSoftmaxCrossEntropyReference,
} from '#lib/graph/operations/cross-entropy.ts';
import { step } from '#lib/graph/program.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { gradientError } from '../finite-differences.ts';
import { difference, indices, wave } from '../sample-steps.ts';

const logits = () => tf.tensor2d(wave([6, 9], 3, 4), [6, 9]);
const labels = () => tf.tensor1d(indices([6], 2, 9), 'int32');

describe('Function: sparseSoftmaxCrossEntropy', () => {
  it('is -log softmax at the label', () => {
    // Act
    const losses = sparseSoftmaxCrossEntropy(logits(), labels()).dataSync();

    // Assess
    const rows = logits().arraySync();
    for (const [row, label] of labels().dataSync().entries()) {
      const total = rows[row]!.reduce((sum, value) => sum + Math.exp(value), 0);
      expect(losses[row]).toBeCloseTo(Math.log(total) - rows[row]![label]!, 5);
    }
  });

  it('has the gradient of finite differences and of its reference', () => {
    // Arrange
    const fused = (x: tf.Tensor) => sparseSoftmaxCrossEntropy(x, labels());
    const reference = (x: tf.Tensor) => sparseSoftmaxCrossEntropyReference(x, labels());
    const slope = (f: (x: tf.Tensor) => tf.Tensor) =>
      tf
        .grad((x) => tf.sum(tf.square(f(x))))(logits())
        .dataSync();

    // Assess
    expect(gradientError(fused, logits())).toBeLessThan(1e-3);
    expect(gradientError(reference, logits())).toBeLessThan(1e-3);
    expect(difference(slope(reference), slope(fused))).toBeLessThan(1e-6);
  });

  it('stays finite for large logits', () => {
    // Arrange
    const large = tf.tensor2d([1e4, -1e4, 0, 1e4], [2, 2]);

    // Act
    const losses = sparseSoftmaxCrossEntropy(large, tf.tensor1d([0, 0], 'int32')).dataSync();

    // Assess
    expect([...losses]).toEqual([0, 1e4]);
  });

  it('is the same in a recorded step, and leaks nothing', () => {
    // Arrange
    const weights = tf.variable(logits());
    const definition = step({
      inputs: { labels: { shape: [6], dtype: 'int32' } },
      run: ({ labels: given }) => {
        const { value, grads } = tf.variableGrads(
          () => tf.sum(sparseSoftmaxCrossEntropy(weights, given)) as tf.Scalar,
        );
        return { value, gradient: grads[weights.name]! };
      },
    });
    const options = { variables: { weights }, steps: { slope: definition } };
    const traced = compile(options);
    const eager = compile({ ...options, runEagerly: true });
    const inputs = { labels: indices([6], 2, 9) };
    const before = tf.memory().numTensors;

    // Act
    const results = [traced.run('slope', inputs), eager.run('slope', inputs)];

    // Assess
    expect(difference(results[1]!.gradient, results[0]!.gradient)).toBeLessThan(1e-6);
    expect(tf.memory().numTensors).toBe(before);
    traced.dispose();
    weights.dispose();
  });
});
