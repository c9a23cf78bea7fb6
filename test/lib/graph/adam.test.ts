import { afterEach, describe, expect, it } from 'vitest';
import { Adam, type AdamOptions } from '#lib/graph/adam.ts';
import { compile } from '#lib/graph/compile.ts';
import { step } from '#lib/graph/program.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { difference, variable, wave } from './sample-steps.ts';

afterEach(() => tf.disposeVariables());

/** Adam in float64, from the formulas of the paper. */
function reference(
  start: Float32Array,
  gradients: Float32Array[],
  { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): Float32Array {
  const x = Float64Array.from(start);
  const m = new Float64Array(x.length);
  const v = new Float64Array(x.length);
  for (const [index, gradient] of gradients.entries()) {
    const t = index + 1;
    const size = (learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    for (const [i, g] of gradient.entries()) {
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      x[i]! -= (size * m[i]!) / (Math.sqrt(v[i]!) + epsilon);
    }
  }
  return Float32Array.from(x);
}

/** A program whose step applies a gradient that is fed. */
function programOf(options: AdamOptions, runEagerly: boolean) {
  const weights = variable([4, 6], 1);
  const adam = new Adam({ weights }, options);
  return compile({
    variables: { weights, ...adam.variables },
    runEagerly,
    steps: {
      update: step({
        inputs: {
          gradient: { shape: [4, 6], dtype: 'float32' },
          rate: { shape: [], dtype: 'float32' },
        },
        run: ({ gradient, rate }) => {
          adam.apply({ [weights.name]: gradient }, rate);
          return { weights: tf.mul(weights, 1) };
        },
      }),
    },
  });
}

describe('Function: Adam', () => {
  it.each([
    { runEagerly: false, options: { learningRate: 0.01 } },
    { runEagerly: true, options: { learningRate: 0.01 } },
    { runEagerly: false, options: { learningRate: 0.3, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 } },
    { runEagerly: true, options: { learningRate: 0.3, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 } },
  ])('follows the formula over 100 steps: %o', ({ runEagerly, options }) => {
    // Arrange
    const program = programOf(options, runEagerly);
    const start = program.readVariables().weights as Float32Array;
    const gradients = Array.from({ length: 100 }, (_, number) => wave([4, 6], number, 2));

    // Act
    let reported: unknown;
    for (const gradient of gradients) {
      const rate = Float32Array.of(options.learningRate);
      reported = program.run('update', { gradient, rate }).weights;
    }

    // Assess
    const expected = reference(start, gradients, options);
    const weights = program.readVariables().weights!;
    expect(difference(expected, weights)).toBeLessThan(1e-5);
    expect(reported).toEqual(weights);
    program.dispose();
  });

  it('resumes bit for bit, its state included', () => {
    // Arrange
    const whole = programOf({ learningRate: 0.1 }, false);
    const resumed = programOf({ learningRate: 0.1 }, false);
    resumed.writeVariables(whole.readVariables());
    const update = (program: typeof whole, number: number) =>
      program.run('update', { gradient: wave([4, 6], number), rate: Float32Array.of(0.1) });

    // Act
    for (let number = 0; number < 6; number++) update(whole, number);
    resumed.writeVariables(whole.readVariables());
    for (let number = 6; number < 12; number++) {
      update(whole, number);
      update(resumed, number);
    }

    // Assess
    expect(resumed.readVariables()).toEqual(whole.readVariables());
    expect(Object.keys(whole.variables).sort()).toEqual([
      'adam/beta1-power',
      'adam/beta2-power',
      'adam/weights/m',
      'adam/weights/v',
      'weights',
    ]);
    whole.dispose();
    resumed.dispose();
  });

  it.each([false, true])(
    'updates before and after assignments in one step (eagerly: %s)',
    (runEagerly) => {
      // Arrange
      const main = variable([3]);
      const target = variable([3]);
      const adam = new Adam({ main }, { learningRate: 0.1 });
      const program = compile({
        variables: { main, target, ...adam.variables },
        runEagerly,
        steps: {
          update: step({
            inputs: { gradient: { shape: [3], dtype: 'float32' } },
            run: ({ gradient }) => {
              main.assign(tf.add(main, 10));
              adam.apply({ [main.name]: gradient });
              target.assign(main);
              main.assign(tf.mul(main, 2));
              adam.apply({ [main.name]: tf.neg(gradient) });
              return { main: tf.clone(main), target: tf.clone(target) };
            },
          }),
        },
      });
      const start = program.readVariables().main!;

      // Act
      const outputs = program.run('update', { gradient: Float32Array.of(1, -2, 0.5) });

      // Assess
      const signs = [1, -1, 1];
      const once = Array.from(start, (value, i) => value + 10 - 0.1 * signs[i]!);
      // The second gradient is the first with the other sign: m = 0.9 * 0.1 g - 0.1 g, v is that of g^2 twice.
      const second = (0.1 * Math.sqrt(1 - 0.999 ** 2)) / (1 - 0.9 ** 2);
      const slope = 0.01 / Math.sqrt(0.001 * 1.999);
      for (const [i, value] of once.entries()) {
        expect(outputs.target[i]).toBeCloseTo(value, 4);
        expect(outputs.main[i]).toBeCloseTo(2 * value + second * slope * signs[i]!, 4);
      }
      expect(program.readVariables(['main', 'target'])).toEqual(outputs);
      program.dispose();
    },
  );

  it('takes a learning rate of its own, or one for the step', () => {
    // Arrange
    const weights = variable([3]);
    const adam = new Adam({ weights }, { learningRate: 0.5 });
    const gradients = { [weights.name]: tf.ones([3]) };
    const start = weights.dataSync().slice();

    // Act
    adam.apply(gradients, tf.scalar(0));
    const still = weights.dataSync().slice();
    adam.apply(gradients);

    // Assess
    expect(still).toEqual(start);
    for (const [index, value] of weights.dataSync().entries()) {
      expect(value).toBeCloseTo(start[index]! - 0.5, 4);
    }
  });

  it('refuses gradients that do not fit and options out of range', () => {
    // Arrange
    const weights = variable([3]);
    const adam = new Adam({ weights }, { learningRate: 0.5 });
    const build = (options: Partial<AdamOptions>) => () =>
      new Adam({ weights }, { learningRate: 0.1, ...options });

    // Assess
    expect(() => adam.apply({ other: tf.ones([3]) })).toThrow(
      'none of the gradients other belongs to a trained variable',
    );
    expect(() => adam.apply({ [weights.name]: tf.ones([2]) })).toThrow(
      'the gradient of weights has shape [2] instead of [3]',
    );
    expect(build({ learningRate: Number.NaN })).toThrow('the learning rate must be 0 or above');
    expect(build({ beta1: 1 })).toThrow('beta1 must be in [0, 1), but is 1');
    expect(build({ beta2: -1 })).toThrow('beta2 must be');
    expect(build({ epsilon: 0 })).toThrow('epsilon must be above 0');
    expect(() => new Adam({ n: tf.variable(tf.zeros([1], 'int32')) }, { learningRate: 1 })).toThrow(
      'variable n must be float32',
    );
  });

  it('frees what it holds', () => {
    // Arrange
    const weights = variable([3]);
    const before = tf.memory().numTensors;

    // Act
    const adam = new Adam({ weights }, { learningRate: 0.5 });
    tf.tidy(() => adam.apply({ [weights.name]: tf.ones([3]) }));
    adam.dispose();

    // Assess
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses in a recorded step what an update in place has overwritten', () => {
    // Arrange
    const weights = variable([3]);
    const adam = new Adam({ weights }, { learningRate: 0.5 });
    const definition = step({
      inputs: { gradient: { shape: [3], dtype: 'float32' } },
      run: ({ gradient }) => {
        const before = tf.clone(weights);
        adam.apply({ [weights.name]: gradient });
        return { change: tf.sub(weights, before) };
      },
    });

    // Act
    const compiling = () =>
      compile({ variables: { weights, ...adam.variables }, steps: { update: definition } });

    // Assess
    expect(compiling).toThrow('it is the value of variable weights from before an update in place');
  });
});
