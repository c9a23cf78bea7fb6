import { describe, expect, it } from 'vitest';
import { backbone, type LeaSettings } from '#lib/contracts/config/training.ts';
import { type RowsGradient, wholeGradient } from '#lib/graph/adam.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { backbones } from '#lib/recommender/backbones/index.ts';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import {
  assembleBaskets,
  pieceOf,
  planBaskets,
  planPieces,
} from '#lib/recommender/data/basket-batches.ts';
import { type Batch, batchSpecs } from '#lib/recommender/data/batch.ts';
import type { BatchLayout } from '#lib/recommender/data/layout.ts';
import { assembleLines, planLines } from '#lib/recommender/data/line-batches.ts';
import { assemblePrefixes, buildReplay } from '#lib/recommender/data/prefix-batches.ts';
import { collectRows, type TrainingRows } from '#lib/recommender/data/training-rows.ts';
import { historyArrays, historyTensors } from '#lib/recommender/history-arrays.ts';
import { lossAndGradients } from '#lib/recommender/loss-and-gradients.ts';
import { describeNetwork, type Network } from '#lib/recommender/network.ts';
import { objectives } from '#lib/recommender/objectives/index.ts';
import { sizeOf } from '#lib/recommender/parameters.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { scoreItems } from '#lib/recommender/score.ts';
import {
  countsOf,
  type Flat,
  type Golden,
  type GoldenCase,
  modelOf,
  readGolden,
  shardsOf,
} from './golden.ts';

/** float32 against float64. */
const tolerance = { relative: 2e-4, absolute: 2e-5 };

it('the reference has every objective', () => {
  const cases = Object.values(readGolden('sasrec').cases);

  const compared = new Set(cases.map(({ settings }) => settings.objective));

  expect([...compared].sort()).toEqual(Object.keys(objectives).sort());
});

describe.each(backbone.options)('Backbone %s against the float64 reference', (name) => {
  const golden = readGolden(name);

  it('gives the same states at all places of packed lines, and the same branches', () => {
    // Arrange: the two rows of user a share a line, all others another; the rest is padding.
    const lines = [
      [0, 1],
      [2, 3, 4],
    ];
    const time = 13;
    const items = new Int32Array(lines.length * time);
    const positions = new Int32Array(lines.length * time);
    const places: { row: number; place: number; at: number }[] = [];
    lines.forEach((rows, line) => {
      let at = line * time;
      for (const row of rows) {
        golden.rows[row]!.items.forEach((item, place) => {
          items[at] = item;
          positions[at] = place;
          places.push({ row, place, at: at++ });
        });
      }
    });
    const network = describeNetwork(
      modelOf(golden, name, golden.cases['SNQN + LEA']!),
      golden.shape.items,
      golden.shape.window,
      golden.environmentDimension,
    );
    const parameters = tensorsOf(network, golden.parameters.tied[0]);

    // Act
    const { states, branches } = tf.tidy(() => {
      const sequence = {
        items: tf.tensor2d(items, [lines.length, time], 'int32'),
        positions: tf.tensor2d(positions, [lines.length, time], 'int32'),
      };
      const encoding = backbones[name].encode(parameters, network.shape, sequence, (x) => x);
      const branchItems = tf.fill([lines.length, time], golden.branchItem, 'int32');
      const width = encoding.states.shape[2];
      return {
        states: chunks(encoding.states.dataSync<'float32'>(), width),
        branches: chunks(encoding.branch(branchItems as tf.Tensor2D).dataSync<'float32'>(), width),
      };
    });

    // Assess
    for (const { row, place, at } of places) {
      expectClose(states[at]!, golden.states[row]![place]!, `state ${row}/${place}`);
      const branch = golden.branches[row]![place];
      if (branch !== undefined) expectClose(branches[at]!, branch, `branch ${row}/${place}`);
    }
    tf.dispose(parameters);
  });

  const origins = name === 'sasrec' ? (['start', 'end'] as const) : (['start'] as const);

  it.each(origins)('gives the same scores after a history, counted from its %s', (origin) => {
    // Arrange
    const { window } = golden.shape;
    const goldenCase = { ...golden.cases['SNQN + LEA']!, positionsFrom: origin };
    const histories = golden.rows.map((row) => row.items.slice(-window));
    const items = Int32Array.from(
      histories.flatMap((history) => [...history, ...Array(window - history.length).fill(0)]),
    );
    const network = describeNetwork(
      modelOf(golden, name, goldenCase),
      golden.shape.items,
      window,
      golden.environmentDimension,
    );
    const parameters = tensorsOf(network, golden.parameters.tied[0]);

    // Act
    const scores = tf.tidy(() =>
      scoreItems(
        { ...network, parameters },
        {
          items: tf.tensor2d(items, [histories.length, window], 'int32'),
          lengths: tf.tensor1d(
            histories.map((history) => history.length),
            'int32',
          ),
        },
      ).dataSync<'float32'>(),
    );

    // Assess
    const expectedOf = origin === 'end' ? golden.logitsFromEnd : golden.logits;
    expectedOf.forEach((expected, row) => {
      expectClose(chunks(scores, golden.shape.items)[row]!, expected, `scores ${row}`);
    });
    tf.dispose(parameters);
  });

  it.runIf(name === 'sasrec').each([true, false])(
    'gives the same scores after what was taken when (baskets: %s)',
    (baskets) => {
      // Arrange
      const { window, items } = golden.shape;
      const goldenCase = golden.cases[`${baskets ? 'baskets' : 'time'}: supervised`]!;
      const settings = { ...goldenCase.settings, timeAttention: true };
      const model = modelOf(golden, name, { ...goldenCase, settings });
      const network = describeNetwork(model, items, window, undefined, undefined, baskets);
      const parameters = tensorsOf(network, golden.parameters.tied[0]);
      const histories = golden.rows.map((row) => {
        const times = baskets ? row.basketTimes : row.times;
        return { items: row.items, times, request: times.at(-1)! + golden.askedAfter };
      });
      // One line more than histories.
      const arrays = historyArrays(network.shape, histories, histories.length + 1, window);

      // Act
      const scores = tf.tidy(() =>
        scoreItems(
          { ...network, parameters },
          historyTensors(arrays, window),
        ).dataSync<'float32'>(),
      );

      // Assess
      const expected = baskets ? golden.logitsOfBaskets : golden.logitsWithTime;
      expected.forEach((row, at) => {
        expectClose(chunks(scores, items)[at]!, row, `scores ${at}`);
      });
      tf.dispose(parameters);
    },
  );

  it.each(Object.keys(golden.cases))('gives the same losses and gradients: %s', async (title) => {
    // Arrange
    const goldenCase = golden.cases[title]!;
    const model = modelOf(golden, name, goldenCase);
    const rows = await goldenRows(golden, goldenCase, model.lea);
    const network = describeNetwork(
      model,
      golden.shape.items,
      golden.shape.window,
      golden.environmentDimension,
      undefined,
      goldenCase.baskets,
    );
    const layout = { ...batchLayout(model, network), ...linesFor(model.preset, golden) };
    const batch = batchOf(rows, layout, goldenCase, golden);
    const head = model.preset === 'paper' ? 'separate' : 'tied';
    const pair = golden.parameters[head];
    const main = variablesOf(network, pair[0]);
    const target = variablesOf(network, pair[1]);
    const isActing = Float32Array.of(goldenCase.settings.isActing ? 1 : 0);

    // Act
    const { losses, gradients } = tf.tidy(() => {
      const inputs = { ...batch, seed: Int32Array.of(1, 2), isActing };
      const found = lossAndGradients(network, layout, { main, target }, feed(inputs, layout));
      return {
        losses: read(found.losses),
        gradients: read(
          Object.fromEntries(
            Object.entries(main).map(([key, variable]) => [
              key,
              whole(found.gradients[variable.name], variable),
            ]),
          ),
        ),
      };
    });

    // Assess
    for (const [key, expected] of Object.entries(goldenCase.losses)) {
      expectClose(losses[key]!, [expected], key);
    }
    for (const { name: key, shape } of network.specs) {
      const zeros = new Array(shape.reduce((size, length) => size * length, 1)).fill(0);
      expectClose(gradients[key] ?? zeros, goldenCase.gradients[key] ?? zeros, key);
    }
    tf.dispose([main, target]);
  });
});

describe('Item tables from texts against the float64 reference', () => {
  const golden = readGolden('sasrec');
  const textDimension = 3;
  const titles = Object.keys(golden.cases).filter(
    (title) => golden.cases[title]!.preset === 'sound' || title === 'paper: SNQN',
  );

  it.each(titles)('the same loss, and the gradients that follow from its: %s', async (title) => {
    // Arrange: vectors . map + difference is the reference's table, so all else must stay as it is
    const goldenCase = golden.cases[title]!;
    const plain = modelOf(golden, 'sasrec', goldenCase);
    const model = {
      ...plain,
      text: { bound: 10, deviation: 0.05, coldNegatives: true, newItems: 0 },
    };
    const rows = await goldenRows(golden, goldenCase, model.lea);
    const { items, window } = golden.shape;
    const network = describeNetwork(
      model,
      items,
      window,
      golden.environmentDimension,
      textDimension,
      goldenCase.baskets,
    );
    const layout = { ...batchLayout(model, network), ...linesFor(model.preset, golden) };
    const batch = batchOf(rows, layout, goldenCase, golden);
    const pair = golden.parameters[model.preset === 'paper' ? 'separate' : 'tied'];
    const random = randomStream(8, 'text');
    const vectors = Array.from({ length: items * textDimension }, () => random.normal());
    const split = (flat: Flat) => splitTables(flat, network, vectors, textDimension);
    const [main, target] = pair.map((flat) => variablesOf(network, split(flat)));
    const isActing = Float32Array.of(goldenCase.settings.isActing ? 1 : 0);

    // Act
    const { losses, gradients } = tf.tidy(() => {
      const inputs = { ...batch, seed: Int32Array.of(1, 2), isActing };
      const found = lossAndGradients(
        network,
        layout,
        { main: main!, target: target! },
        feed(inputs, layout),
        { vectors: tf.tensor2d(vectors, [items, textDimension]), warmItems: items },
      );
      return {
        losses: read(found.losses),
        gradients: read(
          Object.fromEntries(
            Object.entries(main!).map(([key, variable]) => [
              key,
              whole(found.gradients[variable.name], variable),
            ]),
          ),
        ),
      };
    });

    // Assess
    expectClose(losses.loss!, [goldenCase.losses.loss], 'loss');
    for (const { name: key, shape } of network.specs) {
      const [table, part] = /^(.*)\/(text_map|difference)$/.exec(key)?.slice(1) ?? [key, ''];
      const size = part === 'text_map' ? items * shape[1]! : sizeOf(shape);
      const reference = goldenCase.gradients[table!] ?? new Array(size).fill(0);
      const expected =
        part === 'text_map' ? transposedProduct(vectors, reference, textDimension) : reference;
      expectClose(gradients[key] ?? new Array(sizeOf(shape)).fill(0), expected, key);
    }
    tf.dispose([main, target]);
  });
});

function whole(gradient: tf.Tensor | RowsGradient | undefined, { shape }: tf.Variable) {
  return gradient && wholeGradient(gradient, shape[0]!);
}

/** A network's parameters with the tables taken apart: random maps, and differences that make up for them. */
function splitTables(flat: Flat, network: Network, vectors: readonly number[], dimension: number) {
  const random = randomStream(9, 'map');
  const split: Record<string, readonly number[]> = { ...flat };
  for (const { name, shape } of network.specs) {
    if (!name.endsWith('/text_map')) continue;
    const table = name.slice(0, -'/text_map'.length);
    const width = shape[1]!;
    const map = Array.from({ length: dimension * width }, () => random.normal());
    split[name] = map;
    split[`${table}/difference`] = flat[table]!.map((value, at) => {
      const [row, to] = [Math.floor(at / width), at % width];
      let projected = 0;
      for (let from = 0; from < dimension; from++) {
        projected += vectors[row * dimension + from]! * map[from * width + to]!;
      }
      return value - projected;
    });
  }
  return split;
}

/** `vectors^T . table` for tables with a row an item. */
function transposedProduct(
  vectors: readonly number[],
  table: readonly number[],
  dimension: number,
): number[] {
  const items = vectors.length / dimension;
  const width = table.length / items;
  const product = new Array<number>(dimension * width).fill(0);
  for (let item = 0; item < items; item++) {
    for (let from = 0; from < dimension; from++) {
      for (let to = 0; to < width; to++) {
        product[from * width + to]! +=
          vectors[item * dimension + from]! * table[item * width + to]!;
      }
    }
  }
  return product;
}

async function goldenRows(
  golden: Golden,
  { baskets }: GoldenCase,
  lea: LeaSettings | undefined,
): Promise<TrainingRows> {
  const { sequences, augmented } = shardsOf(golden, baskets);
  return collectRows([{ sequences, augmented }], lea, countsOf(golden));
}

/** Room for all rows at once. */
function linesFor(preset: string, golden: Golden): { lines: number; places: number } | object {
  if (preset === 'paper') {
    const actions = countsOf(golden).reduce((sum, count) => sum + count, 0);
    return { lines: actions, places: actions };
  }
  return {};
}

function batchOf(
  rows: TrainingRows,
  layout: BatchLayout,
  goldenCase: GoldenCase,
  golden: Golden,
): Batch {
  if (layout.kind === 'prefixes') return prefixBatch(rows, layout, goldenCase, golden);
  return layout.kind === 'baskets'
    ? basketBatch(rows, layout, goldenCase)
    : lineBatch(rows, layout, goldenCase);
}

/** A batch of all baskets; the place of an action is its own. */
function basketBatch(rows: TrainingRows, layout: BatchLayout, goldenCase: GoldenCase): Batch {
  const plan = planPieces(rows, layout);
  const [placements] = planBaskets(plan, layout, 1, 1);
  const batch = assembleBaskets(rows, plan, layout, placements!, randomStream(1));
  const placeOf = new Map(
    placements!.flatMap(({ row, line, begin }) => {
      const { contextBegin, contextEnd, begin: first, end } = pieceOf(plan, row);
      const at = line * layout.time + begin + contextEnd - contextBegin;
      return Array.from({ length: end - first }, (_, index): [number, number] => [
        plan.replay.values[first + index]!,
        at + index,
      ]);
    }),
  );
  expect(placeOf.size).toBe(goldenCase.transitions.length);
  for (const transition of goldenCase.transitions) {
    const place = placeOf.get(rows.offsets[transition.row]! + transition.place);
    expect(place).toBeDefined();
    putNegatives(batch, transition, place!);
  }
  putSampled(batch, goldenCase);
  return batch;
}

/** A batch of all rows with the negatives that the reference used. */
function lineBatch(
  rows: TrainingRows,
  layout: Parameters<typeof assembleLines>[1],
  goldenCase: GoldenCase,
): Batch {
  const [placements] = planLines(rows, layout, 1, 1);
  const batch = assembleLines(rows, layout, placements!, randomStream(1));
  const found = placements!.flatMap(({ row, line, begin }) =>
    goldenCase.transitions
      .filter((transition) => transition.row === row)
      .map((transition) => ({
        ...transition,
        at: line * layout.time + begin + transition.place,
      })),
  );
  expect(found).toHaveLength(goldenCase.transitions.length);
  for (const transition of found) putNegatives(batch, transition, transition.at);
  putSampled(batch, goldenCase);
  return batch;
}

/** The same for single samples; a place's action is recognised by its history and target. */
function prefixBatch(
  rows: TrainingRows,
  layout: Parameters<typeof assemblePrefixes>[2],
  goldenCase: GoldenCase,
  golden: Golden,
): Batch {
  const replay = buildReplay(rows);
  const batch = assemblePrefixes(rows, replay, layout, randomStream(1));
  const keyOf = (history: readonly number[], target: number) => `${history.join()}>${target}`;
  const places = new Map<string, number>();
  for (let place = 0; place < layout.places; place++) {
    const begin = place * layout.time;
    const history = [...batch.items!.subarray(begin, begin + batch.lengths![place]!)];
    places.set(keyOf(history, batch.targets![place]!), place);
  }
  expect(places.size).toBe(layout.places);
  for (const transition of goldenCase.transitions) {
    const { user, items, start } = golden.rows[transition.row]!;
    const before = golden.rows
      .filter((row) => row.user === user && row.start < start)
      .flatMap((row) => row.items.slice(0, -1));
    const history = [...before, ...items.slice(0, transition.place)].slice(-layout.time);
    const place = places.get(keyOf(history, items[transition.place]!));
    expect(place).toBeDefined();
    putNegatives(batch, transition, place!);
  }
  return batch;
}

function putNegatives(
  batch: Batch,
  { negatives, negativeRewards }: GoldenCase['transitions'][number],
  place: number,
): void {
  batch.negatives?.set(negatives, place * negatives.length);
  batch.negativeRewards?.set(negativeRewards, place * negatives.length);
}

function putSampled(batch: Batch, { settings }: GoldenCase): void {
  batch.sampledItems?.set(settings.sampledItems);
  batch.sampledLogCounts?.set(settings.sampledLogCounts);
}

function variablesOf(network: Network, values: Flat): Record<string, tf.Variable> {
  return Object.fromEntries(
    network.specs.map(({ name, shape }) => [
      name,
      tf.variable(tf.tensor(values[name] as number[], [...shape])),
    ]),
  );
}

function tensorsOf(network: Network, values: Flat): Record<string, tf.Tensor> {
  return Object.fromEntries(
    network.specs.map(({ name, shape }) => [name, tf.tensor(values[name] as number[], [...shape])]),
  );
}

function feed(
  values: Readonly<Record<string, Float32Array | Int32Array>>,
  layout: Parameters<typeof batchSpecs>[0],
): Record<string, tf.Tensor> {
  const specs = batchSpecs(layout) as Record<string, { shape: number[] }>;
  return Object.fromEntries(
    Object.entries(values).map(([name, array]) => {
      const shape = specs[name]?.shape ?? (name === 'isActing' ? [] : [array.length]);
      return [
        name,
        tf.tensor(array, [...shape], array instanceof Int32Array ? 'int32' : 'float32'),
      ];
    }),
  );
}

function read(tensors: Readonly<Record<string, tf.Tensor | undefined>>) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      tensor === undefined ? undefined : tensor.dataSync<'float32'>(),
    ]),
  );
}

function chunks(values: Float32Array, size: number): Float32Array[] {
  return Array.from({ length: values.length / size }, (_, index) =>
    values.subarray(index * size, (index + 1) * size),
  );
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(actual[index]! - expected[index]!);
    const allowed = tolerance.absolute + tolerance.relative * scale;
    expect(
      difference,
      `${what}[${index}]: ${actual[index]} instead of ${expected[index]}`,
    ).toBeLessThanOrEqual(allowed);
  }
}
