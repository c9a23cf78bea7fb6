import { describe, expect, it } from 'vitest';
import { compile } from '#lib/graph/compile.ts';
import { product, transposedProduct } from '#lib/graph/operations/product.ts';
import { step } from '#lib/graph/program.ts';
import { tf } from '#lib/graph/tensorflow.ts';

const left = [
  [1, 2],
  [3, 4],
  [5, 6],
];
const right = [
  [1, 0, 2],
  [0, 3, -1],
];

describe('Functions: product and transposedProduct', () => {
  it.each([false, true])('multiply as by hand, executed eagerly: %s', (runEagerly) => {
    // Arrange
    const spec = { dtype: 'float32' } as const;
    const program = compile({
      variables: {},
      steps: {
        multiply: step({
          inputs: { left: { ...spec, shape: [3, 2] }, right: { ...spec, shape: [2, 3] } },
          run: (tensors: Record<string, tf.Tensor>) => {
            const [a, b] = [tensors.left, tensors.right] as [tf.Tensor2D, tf.Tensor2D];
            return { plain: product(a, b), transposed: transposedProduct(a, tf.transpose(b)) };
          },
        }),
      },
      runEagerly,
    });

    // Act
    const { plain, transposed } = program.run('multiply', {
      left: Float32Array.from(left.flat()),
      right: Float32Array.from(right.flat()),
    });

    // Assess
    expect([...plain!]).toEqual([1, 6, 0, 3, 12, 2, 5, 18, 4]);
    // [[1, 3, 5], [2, 4, 6]] . [[1, 0], [0, 3], [2, -1]]
    expect([...transposed!]).toEqual([11, 4, 14, 6]);
    program.dispose();
  });
});
