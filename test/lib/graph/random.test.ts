import { afterEach, describe, expect, it } from 'vitest';
import { compile } from '#lib/graph/compile.ts';
import { step } from '#lib/graph/program.ts';
import { dropout, randomUniform, SeedStream } from '#lib/graph/random.ts';
import type { TensorValues } from '#lib/graph/specification.ts';
import { tf } from '#lib/graph/tensorflow.ts';

afterEach(() => tf.disposeVariables());

/** Values that `draw` gives eagerly. */
function values(
  draw: (seed: tf.Tensor1D) => tf.Tensor,
  seed: readonly [number, number],
): TensorValues {
  return tf.tidy(() => draw(tf.tensor1d([...seed], 'int32')).dataSync()) as TensorValues;
}

function meanAndDeviation(sample: TensorValues): [number, number] {
  const mean = [...sample].reduce((a, b) => a + b, 0) / sample.length;
  const variance = [...sample].reduce((a, b) => a + (b - mean) ** 2, 0) / sample.length;
  return [mean, Math.sqrt(variance)];
}

/**
 * Philox4x32-10 (Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405), the generator that TensorFlow documents
 * for its stateless operations, written independently.
 */
function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter as [number, number, number, number];
  let [k0, k1] = key as [number, number];
  for (let round = 0; round < 10; round++) {
    const a = BigInt(c0) * 0xd2511f53n;
    const b = BigInt(c2) * 0xcd9e8d57n;
    [c0, c1, c2, c3] = [
      (Number(b >> 32n) ^ c1 ^ k0) >>> 0,
      Number(b & 0xffffffffn),
      (Number(a >> 32n) ^ c3 ^ k1) >>> 0,
      Number(a & 0xffffffffn),
    ];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** TensorFlow's uniform floats of a seed of two non-negative numbers. */
function philoxUniforms(seed: readonly [number, number], count: number): Float32Array {
  const mixed = philox([seed[0], 0, seed[1], 0], [0x3ec8f720, 0x02461e29]);
  const result = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const block = philox([Math.floor(index / 4), 0, mixed[2]!, mixed[3]!], [mixed[0]!, mixed[1]!]);
    result[index] = (block[index % 4]! & 0x7fffff) / 2 ** 23;
  }
  return result;
}

describe('Function: randomUniform', () => {
  it('is Philox, value for value', () => {
    // Act
    const drawn = values((seed) => randomUniform([5, 41], seed), [123456, 789]);

    // Assess
    expect(drawn).toEqual(philoxUniforms([123456, 789], 205));
  });

  it('covers the range given', () => {
    // Act
    const sample = values((seed) => randomUniform([20000], seed, -2, 4), [1, 2]);

    // Assess
    const [mean, deviation] = meanAndDeviation(sample);
    expect(Math.min(...sample)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...sample)).toBeLessThan(4);
    expect(mean).toBeCloseTo(1, 1);
    expect(deviation).toBeCloseTo(6 / Math.sqrt(12), 1);
  });

  it('refuses a seed of another shape or type', () => {
    expect(() => randomUniform([2], tf.tensor1d([1, 2, 3], 'int32'))).toThrow(
      'A seed must be an int32 tensor of shape [2], but is int32 of shape [3].',
    );
    expect(() => randomUniform([2], tf.tensor1d([1, 2]))).toThrow('but is float32');
  });
});

describe('Function: SeedStream', () => {
  it('gives seeds that differ from each other and between neighbouring seeds', () => {
    // Act
    const drawn = [0, 1, 2].flatMap((number) =>
      values(
        (seed) => {
          const seeds = new SeedStream(seed);
          return tf.concat([1, 2, 3].map(() => randomUniform([50], seeds.next())));
        },
        [9, number],
      ),
    );
    const all = drawn.flatMap((sample) => [...sample]);

    // Assess
    // 450 draws of 2^23 values: two coincide by chance in one of 80 cases, and these seeds are fixed.
    expect(new Set(all).size).toBe(450);
  });
});

describe('Function: dropout', () => {
  it('zeroes a share and keeps the mean', () => {
    // Act
    const sample = values((seed) => dropout(tf.ones([100, 100]), 0.25, seed), [1, 1]);

    // Assess
    const zeros = sample.filter((value) => value === 0).length;
    expect(zeros / sample.length).toBeCloseTo(0.25, 1);
    expect(new Set(sample)).toEqual(new Set([0, Math.fround(4 / 3)]));
  });

  it('passes gradients where it keeps, and is the identity at rate 0', () => {
    // Arrange
    const x = tf.ones([50]);
    const seed = tf.tensor1d([4, 2], 'int32');

    // Act
    const kept = dropout(x, 0.5, seed).dataSync();
    const gradient = tf
      .grad((y) => tf.sum(dropout(y, 0.5, seed)))(x)
      .dataSync();

    // Assess
    expect(gradient).toEqual(kept);
    expect(dropout(x, 0, seed).dataSync()).toEqual(x.dataSync());
    expect(() => dropout(x, 1, seed)).toThrow('the rate must be in [0, 1), but is 1');
  });
});

describe('Function: compile', () => {
  it('draws in a recorded step what it draws eagerly: new with each seed, the same with the same', () => {
    // Arrange
    const options = {
      variables: {},
      steps: {
        draw: step({
          inputs: { seed: { shape: [2], dtype: 'int32' } },
          run: ({ seed }) => {
            const seeds = new SeedStream(seed);
            return {
              uniform: randomUniform([30], seeds.next()),
              ranged: randomUniform([30], seeds.next(), -3, 1000),
              dropped: dropout(tf.ones([30]), 0.5, seeds.next()),
            };
          },
        }),
      },
    };
    const traced = compile(options);
    const eager = compile({ ...options, runEagerly: true });

    // Act
    const draw = (program: typeof traced, ...seed: number[]) =>
      program.run('draw', { seed: Int32Array.from(seed) });

    // Assess
    expect(draw(traced, 1, 2)).toEqual(draw(eager, 1, 2));
    expect(draw(traced, -5, 2 ** 31 - 1)).toEqual(draw(eager, -5, 2 ** 31 - 1));
    expect(draw(traced, 1, 2)).toEqual(draw(traced, 1, 2));
    for (const [name, drawn] of Object.entries(draw(traced, 1, 3))) {
      expect(drawn).not.toEqual(draw(traced, 1, 2)[name as 'uniform']);
    }
    traced.dispose();
  });
});
