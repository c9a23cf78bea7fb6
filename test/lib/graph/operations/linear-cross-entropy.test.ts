import { describe, expect, it } from 'vitest';
import { compile } from '#lib/graph/compile.ts';
import {
  linearCrossEntropy,
  linearCrossEntropyReference,
} from '#lib/graph/operations/linear-cross-entropy.ts';
import { step } from '#lib/graph/program.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { gradientError } from '../finite-differences.ts';
import { difference, indices, wave } from '../sample-steps.ts';

const [rows, classes, dimension] = [7, 5, 3];
const states = tf.tensor2d(wave([rows, dimension], 1), [rows, dimension]);
const kernel = tf.tensor2d(wave([classes, dimension], 2), [classes, dimension]);
const bias = tf.tensor1d(wave([classes], 3));
// Some labels occur more than once, and one class never.
const labels = tf.tensor1d(indices([rows], 2, classes - 1), 'int32');

describe('Function: linearCrossEntropy', () => {
  it.each([
    { name: 'with a bias', given: bias },
    { name: 'without a bias', given: undefined },
  ])('is -log softmax at the label, $name', ({ given }) => {
    // Act
    const losses = linearCrossEntropy(states, kernel, given, labels).dataSync();

    // Assess
    const [x, table, offsets] = [states.arraySync(), kernel.arraySync(), given?.dataSync()];
    for (const [row, label] of labels.dataSync().entries()) {
      const logits = table.map((weights, index) =>
        weights.reduce((sum, weight, i) => sum + weight * x[row]![i]!, offsets?.[index] ?? 0),
      );
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      expect(losses[row]).toBeCloseTo(Math.log(total) - logits[label]!, 5);
    }
  });

  it.each([
    {
      of: 'states',
      at: states,
      f: (x: tf.Tensor) => linearCrossEntropy(x as tf.Tensor2D, kernel, bias, labels),
    },
    {
      of: 'kernel',
      at: kernel,
      f: (x: tf.Tensor) => linearCrossEntropy(states, x as tf.Tensor2D, bias, labels),
    },
    {
      of: 'kernel without bias',
      at: kernel,
      f: (x: tf.Tensor) => linearCrossEntropy(states, x as tf.Tensor2D, undefined, labels),
    },
    {
      of: 'bias',
      at: bias,
      f: (x: tf.Tensor) => linearCrossEntropy(states, kernel, x as tf.Tensor1D, labels),
    },
  ])('has the gradient of finite differences with respect to $of', ({ at, f }) => {
    expect(gradientError(f, at)).toBeLessThan(1e-3);
  });

  it('has the gradients of its reference, for an incoming gradient that varies', () => {
    // Arrange
    const slopes = (f: typeof linearCrossEntropy) =>
      tf.grads((x, table, offsets) =>
        tf.sum(
          tf.square(f(x as tf.Tensor2D, table as tf.Tensor2D, offsets as tf.Tensor1D, labels)),
        ),
      )([states, kernel, bias]);

    // Act
    const own = slopes(linearCrossEntropy);
    const reference = slopes(linearCrossEntropyReference);

    // Assess
    for (const [index, tensor] of own.entries()) {
      const expected = reference[index]!.dataSync() as Float32Array;
      expect(difference(expected, tensor.dataSync() as Float32Array)).toBeLessThan(2e-6);
    }
  });

  it('stays finite for large logits', () => {
    // Arrange
    const large = tf.tensor2d([1e4, -1e4], [2, 1]);
    const table = tf.tensor2d([1, -1], [2, 1]);

    // Act
    const losses = linearCrossEntropy(large, table, undefined, tf.tensor1d([0, 0], 'int32'));

    // Assess
    expect([...losses.dataSync()]).toEqual([0, 2e4]);
  });

  it('is the same in a recorded step, and leaks nothing', () => {
    // Arrange
    const variables = { kernel: tf.variable(kernel), bias: tf.variable(bias) };
    const definition = step({
      inputs: {
        states: { shape: [rows, dimension], dtype: 'float32' },
        labels: { shape: [rows], dtype: 'int32' },
      },
      run: (inputs) => {
        const { value, grads } = tf.variableGrads(() =>
          tf.mean(
            linearCrossEntropy(
              inputs.states as tf.Tensor2D,
              variables.kernel as tf.Tensor2D,
              variables.bias as tf.Tensor1D,
              // Computed inside: gone by the time of the gradient unless it is kept for it.
              tf.add(inputs.labels, tf.scalar(0, 'int32')) as tf.Tensor1D,
            ),
          ),
        );
        return { value, kernel: grads[variables.kernel.name]!, bias: grads[variables.bias.name]! };
      },
    });
    const traced = compile({ variables, steps: { slope: definition } });
    const eager = compile({ variables, steps: { slope: definition }, runEagerly: true });
    const inputs = { states: wave([rows, dimension], 8), labels: indices([rows], 5, classes) };
    const before = tf.memory().numTensors;

    // Act
    const results = [traced.run('slope', inputs), eager.run('slope', inputs)] as const;

    // Assess
    for (const name of ['value', 'kernel', 'bias'] as const) {
      expect(difference(results[1][name], results[0][name])).toBeLessThan(1e-6);
    }
    expect(tf.memory().numTensors).toBe(before);
    traced.dispose();
  });
});
