import { afterEach, describe, expect, it } from 'vitest';
import { ValidationError } from '#lib/contracts/errors.ts';
import { compile } from '#lib/graph/compile.ts';
import { type Program, step } from '#lib/graph/program.ts';
import { nativeBackend, tf } from '#lib/graph/tensorflow.ts';
import {
  attention,
  convolution,
  difference,
  multilayerPerceptron,
  recurrent,
  type SampleNetwork,
  variable,
  variableDifference,
} from './sample-steps.ts';

const open: Program[] = [];

afterEach(() => {
  for (const program of open.splice(0)) program.dispose();
  tf.disposeVariables();
});

function compiled(network: SampleNetwork, runEagerly = false) {
  const program = compile({
    variables: network.variables,
    steps: { train: network.step },
    runEagerly,
  });
  open.push(program as unknown as Program);
  return program;
}

describe('Function: compile', () => {
  it.each([
    { name: 'perceptron', build: multilayerPerceptron },
    { name: 'attention', build: attention },
    { name: 'convolution', build: convolution },
    { name: 'recurrent', build: recurrent },
  ])('trains a $name network as eager execution does, step after step', ({ build }) => {
    // Arrange
    const network = build();
    const traced = compiled(network);
    const eager = compiled(network, true);

    // Act
    const steps = Array.from({ length: 40 }, (_, number) => ({
      traced: traced.run('train', network.inputs(number)),
      eager: eager.run('train', network.inputs(number)),
    }));

    // Assess
    expect(traced.runsEagerly).toBe(false);
    expect(eager.runsEagerly).toBe(true);
    for (const both of steps) {
      for (const output of Object.keys(both.eager)) {
        expect(difference(both.eager[output]!, both.traced[output]!)).toBeLessThan(1e-6);
      }
    }
    expect(variableDifference(eager, traced)).toBeLessThan(2e-6);
    expect(steps.at(-1)!.eager.loss![0]).not.toBe(steps[0]!.eager.loss![0]);
  });

  it('starts from the variables and leaves them alone', () => {
    // Arrange
    const network = multilayerPerceptron();
    const before = network.variables.w1!.dataSync().slice();

    // Act
    const program = compiled(network);
    const initial = program.readVariables(['w1']).w1;
    program.run('train', network.inputs(0));

    // Assess
    expect(initial).toEqual(before);
    expect(network.variables.w1!.dataSync()).toEqual(before);
    expect(program.readVariables(['w1']).w1).not.toEqual(before);
  });

  it('resumes bit for bit from variables read after some steps', () => {
    // Arrange
    const network = recurrent();
    const whole = compiled(network);
    const firstHalf = compiled(network);
    const secondHalf = compiled(network);

    // Act
    for (let number = 0; number < 20; number++) whole.run('train', network.inputs(number));
    for (let number = 0; number < 10; number++) firstHalf.run('train', network.inputs(number));
    secondHalf.writeVariables(firstHalf.readVariables());
    for (let number = 10; number < 20; number++) secondHalf.run('train', network.inputs(number));

    // Assess
    expect(secondHalf.readVariables()).toEqual(whole.readVariables());
  });

  it.each([false, true])('shares variables among steps (eagerly: %s)', (runEagerly) => {
    // Arrange
    const main = variable([4]);
    const target = variable([4]);
    const program = compile({
      variables: { main, target },
      runEagerly,
      steps: {
        add: step({
          inputs: { amount: { shape: [], dtype: 'float32' } },
          run: ({ amount }) => {
            main.assign(tf.add(main, amount));
            return { main: tf.mul(main, 1) };
          },
        }),
        follow: step({
          inputs: {},
          run: () => {
            target.assign(main);
            return {};
          },
        }),
        swap: step({
          inputs: {},
          run: () => {
            const held = tf.clone(main);
            main.assign(target);
            target.assign(held);
            return {};
          },
        }),
      },
    });
    open.push(program as unknown as Program);
    const start = program.readVariables();

    // Act
    const { main: reported } = program.run('add', { amount: Float32Array.of(2) });
    const added = program.readVariables();
    program.run('follow', {});
    program.run('add', { amount: Float32Array.of(1) });
    const followed = program.readVariables();
    program.run('swap', {});
    const swapped = program.readVariables();

    // Assess
    const plus = (values: ArrayLike<number>, amount: number) =>
      Float32Array.from(values, (value) => value + amount);
    expect(added.main).toEqual(plus(start.main!, 2));
    expect(reported).toEqual(added.main);
    expect(added.target).toEqual(start.target);
    expect(followed.target).toEqual(added.main);
    expect(followed.main).toEqual(plus(added.main!, 1));
    expect(swapped.main).toEqual(followed.target);
    expect(swapped.target).toEqual(followed.main);
  });

  it.each([false, true])(
    'keeps no hold of the arrays it is given or gives (eagerly: %s)',
    (runEagerly) => {
      // Arrange
      const weights = variable([1024]);
      const program = compile({
        variables: { weights },
        runEagerly,
        steps: {
          set: step({
            inputs: { value: { shape: [1024], dtype: 'float32' } },
            run: ({ value }) => {
              weights.assign(value);
              return { set: weights };
            },
          }),
        },
      });
      open.push(program as unknown as Program);
      const given = new Float32Array(1024).fill(3);
      const written = new Float32Array(1024).fill(4);

      // Act
      const { set } = program.run('set', { value: given });
      given.fill(-1);
      (set as Float32Array).fill(-2);
      const afterSet = program.readVariables().weights!;
      program.writeVariables({ weights: written });
      written.fill(-3);
      const afterWrite = program.readVariables().weights!;

      // Assess
      expect(afterSet).toEqual(new Float32Array(1024).fill(3));
      expect(afterWrite).toEqual(new Float32Array(1024).fill(4));
    },
  );

  it('tells apart variables that were made from the same tensor', () => {
    // Arrange
    const initial = tf.ones([3]);
    const a = tf.variable(initial, true, 'same-a');
    const b = tf.variable(initial, true, 'same-b');
    const program = compile({
      variables: { a, b },
      steps: {
        grow: step({
          inputs: {},
          run: () => {
            a.assign(tf.mul(a, 2));
            return { sum: tf.add(tf.add(a, b), initial) };
          },
        }),
      },
    });
    open.push(program as unknown as Program);

    // Act
    program.run('grow', {});
    const { sum } = program.run('grow', {});

    // Assess
    expect([...sum]).toEqual([6, 6, 6]);
    initial.dispose();
  });

  it('writes and reads variables of every element type', () => {
    // Arrange
    const variables = {
      floats: tf.variable(tf.zeros([2, 2])),
      integers: tf.variable(tf.zeros([3], 'int32')),
      truths: tf.variable(tf.zeros([2], 'bool')),
      empty: tf.variable(tf.zeros([0, 4])),
    };
    const program = compile({ variables, steps: {} });
    open.push(program as unknown as Program);
    const values = {
      floats: Float32Array.of(1.5, Number.NaN, -0, Number.POSITIVE_INFINITY),
      integers: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1),
      truths: Uint8Array.of(1, 0),
      empty: new Float32Array(0),
    };

    // Act
    program.writeVariables(values);

    // Assess
    expect(program.readVariables()).toEqual(values);
    expect(program.variables.floats).toEqual({ shape: [2, 2], dtype: 'float32' });
  });

  it('disposes of the variables it owns', () => {
    // Arrange
    const owned = variable([3]);

    // Act
    const program = compile({ variables: { owned }, steps: {}, ownsVariables: true });
    open.push(program as unknown as Program);

    // Assess
    expect(owned.isDisposed).toBe(true);
    expect(program.readVariables().owned).toHaveLength(3);
  });

  it('leaks neither tensors nor sessions over 1,000 runs', () => {
    // Arrange
    const network = multilayerPerceptron();
    const { binding } = nativeBackend();
    const count = () => [
      tf.memory().numTensors,
      tf.memory().numDataBuffers,
      binding.getNumOfTensors(),
      binding.getNumOfSavedModels(),
    ];
    const start = count();
    const program = compile({ variables: network.variables, steps: { train: network.step } });
    program.run('train', network.inputs(0));

    // Act
    for (let number = 0; number < 1000; number++) program.run('train', network.inputs(number));
    program.writeVariables(program.readVariables());
    program.dispose();

    // Assess
    expect(count().slice(0, 2)).toEqual(start.slice(0, 2));
    // The variables' values move to native tensors when they are first used; nothing else stays.
    const variables = Object.keys(network.variables).length;
    expect(count()[2]! - start[2]!).toBeLessThanOrEqual(variables);
    expect(count()[3]).toBe(start[3]);
  });

  it.each([false, true])('names a wrong input (eagerly: %s)', (runEagerly) => {
    // Arrange
    const program = compile({
      variables: {},
      runEagerly,
      steps: {
        twice: step({
          inputs: { x: { shape: [2, 3], dtype: 'float32' } },
          run: ({ x }) => ({ y: tf.mul(x, 2) }),
        }),
      },
    });
    open.push(program as unknown as Program);

    // Act
    const run = (inputs: unknown) => () => program.run('twice', inputs as { x: Float32Array });

    // Assess
    expect(run({ x: new Float32Array(5) })).toThrow(
      'Input x of step twice must be a Float32Array of 6 values (shape [2, 3]), but got Float32Array of 5.',
    );
    expect(run({ x: new Int32Array(6) })).toThrow('but got Int32Array of 6');
    expect(run({ x: [1, 2, 3, 4, 5, 6] })).toThrow('but got object');
    expect(run({})).toThrow('Inputs of step twice: missing: x.');
    expect(run({ x: new Float32Array(6), z: 1 })).toThrow('unknown: z. Expected x.');
    expect(() => program.run('thrice' as 'twice', { x: new Float32Array(6) })).toThrow(
      'There is no step thrice; the program has twice.',
    );
    expect(run({})).toThrow(ValidationError);
  });

  it.each([false, true])('names a wrong variable (eagerly: %s)', (runEagerly) => {
    // Arrange
    const weights = variable([2]);
    const program = compile({ variables: { weights }, runEagerly, steps: {} });
    open.push(program as unknown as Program);
    const before = program.readVariables();

    // Assess
    expect(() => program.writeVariables({ weight: new Float32Array(2) })).toThrow(
      'There is no variable weight; the program has weights.',
    );
    expect(() => program.readVariables(['weight'])).toThrow('There is no variable weight');
    expect(() => program.writeVariables({ weights: new Float32Array(3) })).toThrow(
      'Variable weights must be a Float32Array of 2 values',
    );
    expect(program.readVariables()).toEqual(before);
  });

  it('reports an operation that fails, and goes on working', () => {
    // Arrange
    const table = variable([3, 2]);
    const program = compile({
      variables: { table },
      steps: {
        look: step({
          inputs: { row: { shape: [1], dtype: 'int32' } },
          run: ({ row }) => ({ values: tf.gather(table, row as tf.Tensor1D) }),
        }),
      },
    });
    open.push(program as unknown as Program);

    // Act
    const look = (row: number) => program.run('look', { row: Int32Array.of(row) }).values;

    // Assess
    expect(() => look(7)).toThrow(/The graph failed: .*7 is not in \[0, 3\)/);
    expect(look(2)).toEqual(program.readVariables().table!.slice(4));
  });

  it('refuses to run after it was disposed of', () => {
    // Arrange
    const program = compile({
      variables: {},
      steps: { one: step({ inputs: {}, run: () => ({ one: tf.add(tf.scalar(1), 0) }) }) },
    });

    // Act
    program.dispose();
    program.dispose();

    // Assess
    expect(() => program.run('one', {})).toThrow('The session is closed');
  });

  it('runs one graph for each shape over the same variables', () => {
    // Arrange
    const weights = variable([4]);
    const sumOf = (rows: number) =>
      step({
        inputs: { x: { shape: [rows, 4], dtype: 'float32' } },
        run: ({ x }) => ({ scores: tf.sum(tf.mul(x, weights), 1) }),
      });
    const program = compile({
      variables: { weights },
      steps: { large: sumOf(8), small: sumOf(2) },
    });
    open.push(program as unknown as Program);

    // Act
    const large = program.run('large', { x: new Float32Array(32).fill(1) }).scores;
    const small = program.run('small', { x: new Float32Array(8).fill(1) }).scores;

    // Assess
    expect(large).toHaveLength(8);
    expect(small).toEqual(large.slice(0, 2));
  });
});
