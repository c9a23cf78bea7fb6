import { describe, expect, it } from 'vitest';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { TensorValues } from '#lib/graph/specification.ts';
import { nativeBackend, tf } from '#lib/graph/tensorflow.ts';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import { createBatchSource } from '#lib/recommender/data/batch-source.ts';
import { describeNetwork } from '#lib/recommender/network.ts';
import { createTrainingProgram } from '#lib/recommender/training-program.ts';
import { makeWorld, resolve, small } from './fixtures.ts';

const lea = { augmentedWeight: 0.4 };
const sampled = { loss: 'sampled-softmax', sampledItems: 7 };
// Every backbone and every form of batch once; the objectives' arithmetic is checked in reference.test.ts.
const models: [string, Record<string, unknown>][] = [
  ['sasrec, supervised with LEA', { lea, blocks: 2, heads: 2 }],
  ['gru4rec, snqn with LEA', { backbone: 'gru4rec', objective: 'snqn', lea }],
  ['caser, conservative sqn', { backbone: 'caser', objective: 'sqn', conservativeWeight: 0.1 }],
  ['nextitnet, sac, sampled softmax', { backbone: 'nextitnet', objective: 'sac', ...sampled }],
  ['sasrec, sa2c with LEA of the paper', { preset: 'paper', objective: 'sa2c', lea, window: 4 }],
];

async function prepare(model: ResolvedModel) {
  const world = await makeWorld(model);
  const network = describeNetwork(
    model,
    world.items,
    world.window,
    world.rows.environment?.stateDimension,
  );
  const layout = batchLayout(model, network);
  const source = createBatchSource({
    rows: world.rows,
    layout,
  });
  const create = (runEagerly: boolean) =>
    createTrainingProgram({ network, layout, excluded: 3, runEagerly });
  const step = (program: ReturnType<typeof create>, number: number) =>
    program.train(source.assemble(1, number % source.steps(1)), {
      seed: Int32Array.of(model.seed, number),
      isActing: number > 2,
      isSwapped: number % 2 === 1,
    });
  return { world, create, step };
}

describe('Function: createTrainingProgram', () => {
  it.each(models)('runs compiled as it does operation by operation: %s', async (_, settings) => {
    // Arrange
    const { create, step } = await prepare(resolve({ ...small, ...settings }));
    const [compiled, eager] = [create(false), create(true)];

    // Act
    const losses = Array.from({ length: 6 }, (_, number) => ({
      compiled: step(compiled, number),
      eager: step(eager, number),
    }));
    const [compiledVariables, eagerVariables] = [
      compiled.program.readVariables(),
      eager.program.readVariables(),
    ];

    // Assess: Adam divides by roots of tiny numbers, so late variables differ more than losses
    for (const pair of losses) {
      expect(pair.compiled.loss).toBeCloseTo(pair.eager.loss, 4);
      expect(pair.compiled.supervised).toBeCloseTo(pair.eager.supervised, 4);
      expect(pair.compiled.reinforcement).toBeCloseTo(pair.eager.reinforcement, 4);
    }
    expect(Object.keys(compiledVariables)).toEqual(Object.keys(eagerVariables));
    for (const [name, values] of Object.entries(compiledVariables)) {
      expect(largestDifference(values, eagerVariables[name]!), name).toBeLessThan(2e-3);
    }
    compiled.dispose();
    eager.dispose();
  });

  it('ranks as compiled as operation by operation', async () => {
    // Arrange
    const { create, world } = await prepare(resolve(small));
    const [compiled, eager] = [create(false), create(true)];
    const { cases, window } = compiled.ranker;
    const input = {
      items: Int32Array.from({ length: cases * window }, (_, at) => 1 + (at % world.items)),
      lengths: new Int32Array(cases).fill(window),
      targets: Int32Array.from({ length: cases }, (_, at) => 1 + ((at * 7) % world.items)),
      excluded: Int32Array.from({ length: cases * 3 }, (_, at) => 1 + ((at * 5) % world.items)),
    };

    // Act
    const [first, second] = [compiled.ranker.count(input), eager.ranker.count(input)];

    // Assess
    expect(first).toEqual(second);
    compiled.dispose();
    eager.dispose();
  });

  it('updates every parameter of the network that learns, and moves the target after it', async () => {
    // Arrange
    const model = resolve({ ...small, objective: 'snqn', lea, targetRate: 0.5 });
    const { create, step } = await prepare(model);
    const program = create(true);
    const before = program.program.readVariables();

    // Act: the LE map begins at zero, so that the Q loss reaches it in the first step
    for (let number = 0; number < 3; number++) step(program, number);
    const after = program.program.readVariables();

    // Assess
    for (const name of Object.keys(before).filter((key) => /^(main|second)\//.test(key))) {
      // A key's bias adds the same to all scores of a query: softmax does not see it.
      const isInert = name.endsWith('/key/bias');
      const moved = largestDifference(before[name]!, after[name]!);
      if (isInert) expect(moved, name).toBeLessThan(0.1);
      else expect(moved, name).toBeGreaterThan(0);
    }
    program.dispose();
  });

  it('updates one of two networks and not the other (paper)', async () => {
    // Arrange
    const model = resolve({ ...small, preset: 'paper', objective: 'snqn' });
    const { create, step } = await prepare(model);
    const program = create(true);
    const difference = (name: string, number: number) => {
      const before = program.program.readVariables([name]);
      step(program, number);
      return largestDifference(before[name]!, program.program.readVariables([name])[name]!);
    };

    // Act
    const [firstStill, firstMoved] = [
      difference('main/item_embedding', 1),
      difference('main/item_embedding', 2),
    ];
    const [secondStill, secondMoved] = [
      difference('second/item_embedding', 4),
      difference('second/item_embedding', 5),
    ];

    // Assess
    expect([firstStill, secondStill]).toEqual([0, 0]);
    expect(firstMoved).toBeGreaterThan(0);
    expect(secondMoved).toBeGreaterThan(0);
    program.dispose();
  });

  it.each([
    ['sac', 'paper', true],
    ['sa2c', 'paper', true],
    ['sac', 'sound', false],
    ['snqn', 'paper', false],
  ])(
    '%s, preset %s: an optimiser of its own after the warm-up: %s',
    async (objective, preset, isOwn) => {
      // Arrange
      const { create, step } = await prepare(resolve({ ...small, preset, objective }));
      const program = create(true);
      const firstMoments = () => {
        const [, moments] = Object.entries(program.program.readVariables()).find(
          ([name]) => name === 'adam/item_embedding/m',
        )!;
        return moments as Float32Array;
      };

      // Act: the warm-up ends with step 2
      step(program, 2);
      const before = firstMoments();
      step(program, 4);

      // Assess
      expect(
        Object.keys(program.program.variables).some((name) => name.startsWith('adam-acting')),
      ).toBe(isOwn);
      expect(largestDifference(before, firstMoments()) === 0).toBe(isOwn);
      program.dispose();
    },
  );

  it.each([
    ['compiled', false, 1000],
    ['operation by operation', true, 60],
  ] as const)('leaks no tensor, %s', async (_, runEagerly, steps) => {
    // Arrange
    const model = resolve({ ...small, dimension: 4, objective: 'snqn', lea, batchTargets: 12 });
    const { create, step } = await prepare(model);
    const program = create(runEagerly);
    const alive = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];
    step(program, 0);
    const before = alive();

    // Act
    for (let number = 1; number <= steps; number++) step(program, number);

    // Assess
    expect(alive()).toEqual(before);
    program.dispose();
  });
});

function largestDifference(a: TensorValues, b: TensorValues): number {
  let largest = 0;
  for (let at = 0; at < a.length; at++) largest = Math.max(largest, Math.abs(a[at]! - b[at]!));
  return largest;
}
