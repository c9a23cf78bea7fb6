import { tf } from '#lib/graph/tensorflow.ts';
import '@tensorflow/tfjs-backend-wasm';
import { afterAll, describe, expect, it } from 'vitest';
import { wholeGradient } from '#lib/graph/adam.ts';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import { type CodedHead, partialScores, writeScores } from '#lib/recommender/coded-scores.ts';
import { batchSpecs } from '#lib/recommender/data/batch.ts';
import { createBatchSource } from '#lib/recommender/data/batch-source.ts';
import { codeItems } from '#lib/recommender/item-codes.ts';
import { codebooksOf, isItemTable, itemCodes } from '#lib/recommender/item-table.ts';
import { lossAndGradients } from '#lib/recommender/loss-and-gradients.ts';
import { decodeModel, encodeModel } from '#lib/recommender/model-file.ts';
import { createVariables, describeNetwork } from '#lib/recommender/network.ts';
import { initialise, type Weights } from '#lib/recommender/parameters.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { metricsAt, rankCases } from '#lib/recommender/ranking.ts';
import { refitModel } from '#lib/recommender/refit.ts';
import { createScorer } from '#lib/recommender/score.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import { createTrainingProgram } from '#lib/recommender/training-program.ts';
import { createSimilarity } from '#lib/serving/similar.ts';
import { expand } from './expand-codes.ts';
import { makeWorld, resolve, shardOf, small } from './fixtures.ts';

afterAll(async () => {
  await tf.setBackend('tensorflow');
});

describe('Function: codeItems', () => {
  /** Two kinds of items, of which everybody takes one alone. */
  const ofKinds = (items: number, sequences: number) => {
    const random = randomStream(1, 'kinds');
    const rows = Array.from({ length: sequences }, (_, row) =>
      Array.from({ length: 8 }, () => 1 + 2 * random.integer(items / 2) + (row % 2)),
    );
    return {
      rows: sequences,
      offsets: Int32Array.from({ length: sequences + 1 }, (_, row) => 8 * row),
      items: Int32Array.from(rows.flat()),
    };
  };

  it('gives every code of a codebook about as many items, the same ones for a seed', () => {
    // Arrange
    const [items, settings] = [1000, { codebooks: 4, size: 16 }];

    // Act: the last 100 items are never taken
    const codes = codeItems(ofKinds(900, 400), items, settings, 1);
    const again = codeItems(ofKinds(900, 400), items, settings, 1);
    const other = codeItems(ofKinds(900, 400), items, settings, 2);

    // Assess
    for (let codebook = 0; codebook < 4; codebook++) {
      const shares = new Int32Array(16);
      for (let at = codebook; at < codes.length; at += 4) shares[codes[at]!]!++;
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(61);
      expect(Math.max(...shares)).toBeLessThanOrEqual(64);
    }
    expect(again).toEqual(codes);
    expect(other).not.toEqual(codes);
  });

  it('tells items apart that other people took', () => {
    // Arrange
    const items = 200;

    // Act
    const codes = codeItems(ofKinds(items, 600), items, { codebooks: 4, size: 2 }, 1);

    // Assess: kinds are halves, so that one of the first two directions is theirs
    const agreement = [0, 1].map((codebook) => {
      let alike = 0;
      for (let item = 0; item < items; item++) {
        if (codes[4 * item + codebook] === item % 2) alike++;
      }
      return Math.max(alike, items - alike) / items;
    });
    expect(Math.max(...agreement)).toBeGreaterThan(0.95);
  });
});

describe('Function: writeScores', () => {
  it.each([4, 8, 12, 16])('is the product with the joined parts, %d codebooks', (codebooks) => {
    // Arrange
    const [items, size, width] = [50, 7, 3];
    const random = randomStream(2, 'scores', codebooks);
    const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
    const head: CodedHead = {
      codes: Uint8Array.from({ length: items * codebooks }, () => random.integer(size)),
      codebooks,
      dimension: codebooks * width,
      parts: draw(codebooks * size * width),
      bias: draw(items),
    };
    const state = draw(codebooks * width);
    const scores = new Float32Array(items);

    // Act
    writeScores(head, partialScores(head, state), scores);

    // Assess: float64, one item at a time
    for (let item = 0; item < items; item++) {
      let expected = head.bias![item]!;
      for (let codebook = 0; codebook < codebooks; codebook++) {
        const part = codebook * size + head.codes[item * codebooks + codebook]!;
        for (let k = 0; k < width; k++) {
          expected += head.parts[part * width + k]! * state[codebook * width + k]!;
        }
      }
      expect(scores[item]).toBeCloseTo(expected, 4);
    }
  });
});

describe('A network whose items are made of parts', () => {
  it.each([
    ['snqn, conservative', { objective: 'snqn', conservativeWeight: 0.2, lea: {} }],
    ['sampled softmax', { objective: 'sqn', loss: 'sampled-softmax', sampledItems: 9 }],
    ['gbce', { loss: 'gbce', sampledItems: 9 }],
    ['sa2c, separate head', { objective: 'sa2c', head: 'separate', backbone: 'gru4rec' }],
  ])('has the loss and gradients of the table that they expand to: %s', async (_, settings) => {
    // Arrange
    const model = resolve({
      ...small,
      dropout: 0,
      itemCodes: { codebooks: 4, size: 5 },
      ...settings,
    });
    const world = await makeWorld(model);
    const dimension = world.rows.environment?.stateDimension;
    const coded = describeNetwork(model, world.items, world.window, dimension);
    const plainModel = { ...model, itemCodes: undefined };
    const plain = describeNetwork(plainModel, world.items, world.window, dimension);
    const random = randomStream(4, 'codes');
    const codes = Uint8Array.from({ length: world.items * 4 }, () => random.integer(5));
    const weights = [1, 2].map((seed) => {
      const initial = initialise(coded.specs, seed, 'first');
      for (const { values } of initial.values()) for (const at of values.keys()) values[at]! *= 3;
      return initial;
    });
    const [main, target] = weights.map((own) => createVariables('coded', own));
    const [plainMain, plainTarget] = weights.map((own) =>
      createVariables('plain', expand(own, codes, world.items)),
    );
    const layout = batchLayout(model, coded);
    const batch = createBatchSource({ rows: world.rows, layout }).assemble(1, 0);
    const inputs = {
      ...batchSpecs(layout),
      seed: { shape: [2], dtype: 'int32' as const },
      isActing: { shape: [], dtype: 'float32' as const },
    };
    const values: Record<string, Int32Array | Float32Array> = {
      ...(batch as Record<string, Int32Array | Float32Array>),
      seed: Int32Array.of(1, 2),
      isActing: Float32Array.of(1),
    };

    // Act
    const [found, expected] = tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([name, { shape, dtype }]) => [
          name,
          tf.tensor(values[name]!, [...shape], dtype),
        ]),
      );
      const codesTensor = tf.tensor2d(Int32Array.from(codes), [world.items, 4], 'int32');
      const own = { main: main!, target: target! };
      const plainOwn = { main: plainMain!, target: plainTarget! };
      return [
        read(lossAndGradients(coded, layout, own, tensors, undefined, codesTensor), main!),
        read(
          lossAndGradients(plain, batchLayout(plainModel, plain), plainOwn, tensors),
          plainMain!,
        ),
      ];
    });

    // Assess
    expect(found!.loss).toBeCloseTo(expected!.loss, 5);
    for (const { name } of plain.specs) {
      const own = found!.gradients[isItemTable(name) ? codebooksOf(name) : name];
      const whole = expected!.gradients[name];
      const wanted = isItemTable(name) && whole ? contract(whole, codes, world.items, 5) : whole;
      expect(own === undefined, name).toBe(wanted === undefined);
      wanted?.forEach((value, at) => {
        expect(own![at], `${name} ${at}`).toBeCloseTo(value, 4);
      });
    }
  });

  it('learns, ranks as it scores on every backend, is written and read, and is fitted on with its codes', async () => {
    // Arrange
    const model = resolve({
      ...small,
      objective: 'snqn',
      dimension: 16,
      maximumEpochs: 12,
      refitPasses: 1,
      itemCodes: { codebooks: 4, size: 16 },
    });
    const world = await makeWorld(model, { users: 120, surprise: 0.1 });
    const popular = world.rows.counts.map(
      (count) => world.rows.counts.filter((other) => other > count).length + 1,
    );

    // Act
    const trained = await trainModel({ ...world, model, excludeHistory: false, baskets: false });
    const ranks = trained.rank(world.test);
    const { network, weights } = trained;
    const { description, weights: bytes } = encodeModel({
      backbone: 'sasrec',
      shape: network.shape,
      excludeHistory: false,
      weights,
    });
    const decoded = decodeModel(JSON.parse(JSON.stringify(description)), bytes);
    const abroad: Record<string, Int32Array> = {};
    for (const backend of ['tensorflow', 'wasm']) {
      await tf.setBackend(backend);
      const scorer = createScorer(decoded);
      abroad[backend] = Int32Array.from(world.test.targets, (target, at) => {
        const items = [
          ...world.test.items.subarray(world.test.offsets[at], world.test.offsets[at + 1]),
        ];
        const scores = scorer.score([{ items, times: undefined, request: undefined }]);
        const own = scores[target - 1]!;
        let rank = 1;
        for (let item = 1; item <= world.items; item++) {
          const score = scores[item - 1]!;
          if (score > own || (score === own && item < target)) rank++;
        }
        return rank;
      });
      scorer.dispose();
    }
    await tf.setBackend('tensorflow');
    const refitted = await refitModel({
      model,
      parameters: trained.parameters,
      course: { epochs: trained.curve.length, bestEpoch: trained.bestEpoch, steps: trained.steps },
      shards: [shardOf([{ user: 'a', items: [1, 2, 3, 4] }])],
      items: world.items,
      window: world.window,
      excludeHistory: false,
      baskets: false,
      text: undefined,
    });

    // Assess
    const { ndcg } = metricsAt(ranks, 10);
    const baseline = metricsAt(
      world.test.targets.map((target) => popular[target - 1]!),
      10,
    ).ndcg;
    expect(ndcg).toBeGreaterThan(1.5 * baseline);
    expect(abroad.tensorflow).toEqual(ranks);
    expect(abroad.wasm).toEqual(ranks);
    expect(decoded.weights.get(itemCodes)).toEqual(weights.get(itemCodes));
    expect(refitted.weights.get(itemCodes)).toEqual(weights.get(itemCodes));
    expect([...weights.keys()]).not.toContain('item_embedding');
    trained.dispose();
    refitted.dispose();
  });

  it('runs compiled as it does operation by operation, and leaves out the history alike', async () => {
    // Arrange
    const settings = { ...small, objective: 'snqn', itemCodes: { codebooks: 4, size: 5 } };
    const model = resolve({ ...settings, loss: 'sampled-softmax', sampledItems: 7 });
    const world = await makeWorld(model);
    const network = describeNetwork(model, world.items, world.window, undefined);
    const layout = batchLayout(model, network);
    const codes = codeItems(world.rows, world.items, model.itemCodes!, 1);
    const source = createBatchSource({ rows: world.rows, layout });
    const programs = [false, true].map((runEagerly) =>
      createTrainingProgram({ network, layout, excluded: 3, codes, runEagerly }),
    );

    // Act
    const losses = programs.map((program) =>
      [0, 1, 2].map(
        (step) =>
          program.train(source.assemble(1, step % source.steps(1)), {
            seed: Int32Array.of(1, step),
            isActing: false,
            isSwapped: false,
          }).loss,
      ),
    );
    const [first, second] = programs.map(({ ranker }) => rankCases(ranker, world.test));

    // Assess
    losses[0]!.forEach((loss, step) => {
      expect(loss).toBeCloseTo(losses[1]![step]!, 4);
    });
    expect(first!.filter((rank, at) => rank === second![at]).length).toBeGreaterThan(
      0.9 * first!.length,
    );
    for (const program of programs) program.dispose();
  });

  it('finds similar items as the expanded vectors do', async () => {
    // Arrange
    const model = resolve({ ...small, itemCodes: { codebooks: 4, size: 5 } });
    const network = describeNetwork(model, 30, 6, undefined);
    const weights: Map<string, Weights> = initialise(network.specs, 1, 'first');
    const random = randomStream(4, 'codes');
    const codes = Uint8Array.from({ length: 120 }, () => random.integer(5));
    const base = { backbone: 'sasrec', shape: network.shape, excludeHistory: false } as const;
    const similarityOf = (own: ReadonlyMap<string, Weights>) =>
      createSimilarity({
        network: { ...base, weights: own },
        histories: [],
        items: 30,
      } as unknown as Parameters<typeof createSimilarity>[0]).scores(7);

    // Act
    const found = similarityOf(
      new Map([...weights, [itemCodes, { shape: [30, 4], values: codes }]]),
    );
    const expected = similarityOf(expand(weights as Map<string, Weights<Float32Array>>, codes, 30));

    // Assess
    found.forEach((score, at) => {
      expect(score).toBeCloseTo(expected[at]!, 5);
    });
    expect(found[6]).toBeCloseTo(1, 5);
  });

  it.each([
    [{ dimension: 10, itemCodes: {} }, /10 numbers, which is not a multiple of 8 codebooks/],
    [{ text: {}, itemCodes: {} }, /take one of them/],
  ])('refuses settings that do not go together: %j', (settings, message) => {
    const model = resolve(settings);

    expect(() => describeNetwork(model, 30, 6, undefined, 4)).toThrow(message);
  });
});

/** The gradient of parts: that of a whole table, summed over the items that share one, float64. */
function contract(whole: Float32Array, codes: Uint8Array, items: number, size: number) {
  const codebooks = codes.length / items;
  const part = whole.length / codes.length;
  const sums = new Float64Array(codebooks * size * part);
  codes.forEach((code, at) => {
    for (let k = 0; k < part; k++) {
      sums[((at % codebooks) * size + code) * part + k]! += whole[at * part + k]!;
    }
  });
  return sums;
}

function read(
  { losses, gradients }: ReturnType<typeof lossAndGradients>,
  variables: Readonly<Record<string, tf.Variable>>,
) {
  return {
    loss: losses.loss.dataSync()[0]!,
    gradients: Object.fromEntries(
      Object.entries(variables).map(([name, variable]) => {
        const gradient = gradients[variable.name];
        return [
          name,
          gradient && wholeGradient(gradient, variable.shape[0]!).dataSync<'float32'>(),
        ];
      }),
    ) as Record<string, Float32Array | undefined>,
  };
}
