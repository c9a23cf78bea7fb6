import { afterEach, describe, expect, it } from 'vitest';
import { UntraceableError } from '#lib/graph/errors.ts';
import { randomUniform } from '#lib/graph/random.ts';
import { record } from '#lib/graph/record.ts';
import type { StepDefinition } from '#lib/graph/specification.ts';
import { nativeBackend, tf } from '#lib/graph/tensorflow.ts';
import { variable } from './sample-steps.ts';

afterEach(() => tf.disposeVariables());

const vector = { x: { shape: [4], dtype: 'float32' } } as const;

function recordBody(
  run: (x: tf.Tensor) => Record<string, tf.Tensor>,
  variables: Record<string, tf.Variable> = {},
) {
  return () =>
    record('step', { inputs: vector, run: ({ x }) => run(x!) } as StepDefinition, variables);
}

describe('Function: record', () => {
  it('notes operations, inputs, variables, constants and outputs', () => {
    // Arrange
    const weights = variable([4]);

    // Act
    const step = recordBody(
      (x) => {
        const y = tf.mul(tf.add(x, weights), 3);
        weights.assign(y as tf.Tensor1D);
        return { y };
      },
      { weights },
    )();

    // Assess
    expect(step.nodes.map(({ name, operation }) => [name, operation])).toEqual([
      ['step/input/x', 'Placeholder'],
      ['step/1-ReadVariableOp', 'ReadVariableOp'],
      ['step/2-Add', 'Add'],
      ['step/3-Const', 'Const'],
      ['step/4-Mul', 'Mul'],
      ['step/5-AssignVariableOp', 'AssignVariableOp'],
      ['step/output/y', 'Identity'],
      ['step/done', 'Const'],
    ]);
    expect(step.nodes[2]!.inputs).toEqual(['step/input/x:0', 'step/1-ReadVariableOp:0']);
    expect(step.nodes[5]!.inputs).toEqual(['variables/weights:0', 'step/4-Mul:0']);
    expect(step.nodes[5]!.after).toEqual(['step/1-ReadVariableOp']);
    expect(step.nodes[6]!.after).toEqual(['step/5-AssignVariableOp']);
    expect(step.outputs).toEqual({ y: { shape: [4], dtype: 'float32' } });
  });

  it('leaves the variables and the backend as they were', () => {
    // Arrange
    const weights = variable([4]);
    const before = weights.dataSync().slice();
    const backend = nativeBackend();
    const random = Math.random;
    const tensors = tf.memory().numTensors;

    // Act
    recordBody(
      (x) => {
        weights.assign(tf.add(weights, x) as tf.Tensor1D);
        return {};
      },
      { weights },
    )();
    const failed = recordBody((x) => ({ y: tf.add(x, x.dataSync()[0]!) }));

    // Assess
    expect(failed).toThrow(UntraceableError);
    expect(weights.dataSync()).toEqual(before);
    expect(Object.hasOwn(backend, 'executeSingleOutput')).toBe(false);
    expect(Object.hasOwn(tf.engine(), 'readSync')).toBe(false);
    expect(Math.random).toBe(random);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each([
    { read: 'dataSync', run: (x: tf.Tensor) => x.dataSync() },
    { read: 'arraySync', run: (x: tf.Tensor) => x.arraySync() },
    { read: 'bufferSync', run: (x: tf.Tensor) => x.bufferSync() },
  ])('refuses a step that reads values by $read', ({ run }) => {
    // Act
    const recording = recordBody((x) => {
      run(tf.add(x, 1));
      return {};
    });

    // Assess
    expect(recording).toThrow(UntraceableError);
    expect(recording).toThrow("Step step reads a tensor's values");
  });

  it.each<{ name: string; run: (x: tf.Tensor) => tf.Tensor; instead: string }>([
    { name: 'dropout', run: (x) => tf.dropout(x, 0.5, undefined, 3), instead: 'dropout' },
    {
      name: 'randomUniform',
      run: (x) => tf.randomUniform(x.shape, 0, 1, 'float32', 5),
      instead: 'randomUniform',
    },
    {
      name: 'randomNormal',
      run: (x) => tf.randomNormal(x.shape, 0, 1, 'float32', 5),
      instead: 'randomUniform',
    },
    {
      name: 'truncatedNormal',
      run: (x) => tf.truncatedNormal(x.shape, 0, 1, 'float32', 5),
      instead: 'randomUniform',
    },
    {
      name: 'multinomial',
      run: (x) => tf.multinomial(x as tf.Tensor1D, 2, 5),
      instead: 'randomUniform',
    },
  ])('refuses tf.$name, which draws in JavaScript', ({ name, run, instead }) => {
    // Act
    const recording = recordBody((x) => ({ y: tf.tidy(() => run(x)) }));

    // Assess
    expect(recording).toThrow(UntraceableError);
    expect(recording).toThrow(`calls tf.${name}, whose random numbers`);
    expect(recording).toThrow(`use ${instead} of lib/graph/random.ts`);
  });

  it('refuses Math.random', () => {
    expect(recordBody((x) => ({ y: tf.mul(x, Math.random()) }))).toThrow('calls Math.random');
  });

  it('refuses a step that depends on a counter in JavaScript', () => {
    // Arrange
    let count = 0;

    // Act
    const recording = recordBody((x) => {
      count += 1;
      return { y: tf.mul(x, count) };
    });

    // Assess
    expect(recording).toThrow(UntraceableError);
    expect(recording).toThrow('a constant of shape [] has other values');
  });

  it('refuses a step that fills a cache', () => {
    // Arrange
    let cached: tf.Tensor | undefined;

    // Act
    const recording = recordBody((x) => {
      cached ??= tf.keep(tf.exp(tf.ones([4])));
      return { y: tf.mul(x, cached) };
    });

    // Assess
    expect(recording).toThrow('is not the same when it runs again: a constant of shape [4]');
    cached?.dispose();
  });

  it('refuses a variable that is not declared', () => {
    // Arrange
    const hidden = variable([4]);

    // Act
    const recording = recordBody((x) => ({ y: tf.add(x, hidden) }));

    // Assess
    expect(recording).toThrow(`uses variable ${hidden.name}, which is not among the program's`);
  });

  it('refuses results whose shape depends on values', () => {
    expect(recordBody((x) => ({ y: tf.unique(x).values }))).toThrow(
      'executes UniqueV2, which cannot be recorded: the shape of its result depends on values',
    );
  });

  it('refuses text', () => {
    expect(recordBody(() => ({ y: tf.reshape(tf.tensor1d(['a', 'b']), [2, 1]) }))).toThrow(
      'only float32, int32 and bool can be recorded',
    );
  });

  it('refuses asynchronous steps, outputs that are no tensors, and recordings in recordings', () => {
    // Arrange
    const asynchronous = recordBody((() => Promise.resolve({})) as never);
    const numeric = recordBody(() => ({ y: 1 }) as never);
    const nothing = recordBody((() => undefined) as never);
    const nested = recordBody(() => {
      recordBody(() => ({}))();
      return {};
    });

    // Assess
    expect(asynchronous).toThrow('is asynchronous');
    expect(numeric).toThrow('Output y of step step is not a tensor');
    expect(nothing).toThrow('must return an object of tensors by name, but returned undefined');
    expect(nested).toThrow('recorded inside another step');
  });

  it('refuses names and shapes that no graph can have', () => {
    // Arrange
    const run = () => ({});
    const input = (shape: number[], dtype: string) =>
      ({ inputs: { x: { shape, dtype } }, run }) as unknown as StepDefinition;

    // Assess
    expect(() => record('a step', { inputs: {}, run }, {})).toThrow("The step name 'a step'");
    expect(() => record('s', input([-1], 'float32'), {})).toThrow('has shape [-1]');
    expect(() => record('s', input([2], 'int64'), {})).toThrow('has element type int64');
    expect(() =>
      record('s', { inputs: { 'x:0': { shape: [], dtype: 'int32' } }, run }, {}),
    ).toThrow("The input name 'x:0'");
  });

  it('lets kernels check indices and stateless operations draw', () => {
    // Arrange
    const table = variable([3, 2]);
    const definition: StepDefinition = {
      inputs: { rows: { shape: [2], dtype: 'int32' }, seed: { shape: [2], dtype: 'int32' } },
      run: ({ rows, seed }) => ({
        y: tf.add(tf.gather(table, rows as tf.Tensor1D), randomUniform([2, 2], seed!)),
      }),
    };

    // Act
    const step = record('draw', definition, { table });

    // Assess
    expect(step.nodes.map(({ operation }) => operation)).toContain('GatherV2');
    expect(step.nodes.map(({ operation }) => operation)).toContain('StatelessRandomUniform');
  });
});
