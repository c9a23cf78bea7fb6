import type { TextConfig } from '#lib/contracts/config/training.ts';
import type { ItemVectors } from '#lib/environment/item-vectors.ts';
import { randomUniform, type Seed } from '#lib/graph/random.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import type { BackboneShape, Parameters } from './backbones/backbone.ts';
import type { ParameterSpec, Weights } from './parameters.ts';

/** The texts' vectors, as a model takes them in. */
export interface TextVectors {
  readonly dimension: number;
  /** Of the vocabulary, zeros where an item has none, `[items, dimension]`. */
  readonly known: Float32Array;
  /** Items of the catalogue that the vocabulary does not have, which the finished model can recommend too. */
  readonly otherIds: readonly string[];
  /** `[others, dimension]` */
  readonly others: Float32Array;
}

/** Sorts the catalogue's vectors into those of the vocabulary and the rest. */
export function alignVectors(vectors: ItemVectors, itemIds: readonly string[]): TextVectors {
  const { dimension } = vectors;
  const places = new Map(itemIds.map((id, place) => [id, place]));
  const known = new Float32Array(itemIds.length * dimension);
  const others: number[] = [];
  vectors.itemIds.forEach((id, row) => {
    const own = vectors.vectors.subarray(row * dimension, (row + 1) * dimension);
    const place = places.get(id);
    if (place === undefined) others.push(row);
    else known.set(own, place * dimension);
  });
  const rest = new Float32Array(others.length * dimension);
  others.forEach((row, at) => {
    rest.set(vectors.vectors.subarray(row * dimension, (row + 1) * dimension), at * dimension);
  });
  return {
    dimension,
    known,
    otherIds: others.map((row) => vectors.itemIds[row]!),
    others: rest,
  };
}

/** What a network knows of its items' texts. */
export interface TextTable {
  /** Length of the vectors. */
  readonly dimension: number;
  readonly settings: TextConfig;
}

/** Tables with a row for each item. */
const tables = ['item_embedding', 'supervised_head/kernel', 'q_head/kernel'] as const;

const mapOf = (table: string) => `${table}/text_map`;
const differenceOf = (table: string) => `${table}/difference`;

/**
 * The parameters of a network whose item tables are `vectors . text_map + difference`; those of all else are as they
 * were. The differences begin at zero.
 */
export function textSpecs(
  specs: readonly ParameterSpec[],
  { dimension, settings }: TextTable,
): ParameterSpec[] {
  return specs.flatMap((spec): ParameterSpec[] => {
    if (!(tables as readonly string[]).includes(spec.name)) return [spec];
    const [items, width] = spec.shape as [number, number];
    const deviation = settings.deviation / Math.sqrt(dimension);
    return [
      {
        name: mapOf(spec.name),
        shape: [dimension, width],
        initialiser: { kind: 'normal', deviation },
      },
      {
        name: differenceOf(spec.name),
        shape: [items, width],
        initialiser: { kind: 'constant', value: 0 },
      },
    ];
  });
}

/**
 * The item tables that backbones and heads look up, besides all other parameters.
 *
 * @param vectors `[items, dimension]`; undefined for a network without texts
 * @param known 0 for items whose difference is left out, else 1, `[items, 1]`; undefined leaves out none
 */
export function completeTables(
  parameters: Parameters,
  vectors: tf.Tensor2D | undefined,
  known?: tf.Tensor2D,
): Parameters {
  if (vectors === undefined) return parameters;
  const complete: Record<string, tf.Tensor> = { ...parameters };
  for (const table of tables) {
    const map = parameters[mapOf(table)];
    if (map === undefined) continue;
    const difference = parameters[differenceOf(table)]!; // [items, width]
    complete[table] = tf.add(
      tf.matMul(vectors, map as tf.Tensor2D),
      known === undefined ? difference : tf.mul(difference, known),
    ); // [items, width]
  }
  return complete;
}

/**
 * Which items a step knows more of than their text (`known` of `completeTables`).
 *
 * @returns undefined if it knows all
 */
export function knownItems(
  items: number,
  { newItems }: TextConfig,
  nextSeed: () => Seed,
): tf.Tensor2D | undefined {
  if (newItems === 0) return undefined;
  const isKnown = tf.greaterEqual(randomUniform([items, 1], nextSeed()), newItems);
  return tf.cast(isKnown, 'float32') as tf.Tensor2D; // [items, 1]
}

/**
 * After a step: differences are cut to the longest one that is allowed (let-it-go,
 * https://github.com/ArtemF42/let-it-go), and those of items without an action stay zero.
 *
 * @param hasAction 1 for items with a training action, `[items, 1]`
 */
export function boundDifferences(
  variables: Readonly<Record<string, tf.Variable>>,
  hasAction: tf.Tensor2D,
  bound: number,
): void {
  for (const table of tables) {
    const difference = variables[differenceOf(table)];
    if (difference === undefined) continue;
    const length = tf.sqrt(tf.sum(tf.square(difference), 1, true)); // [items, 1]
    const factor = tf.minimum(1, tf.div(bound, tf.maximum(length, 1e-12)));
    difference.assign(tf.mul(difference, tf.mul(factor, hasAction)));
  }
}

/**
 * The trained tables as they are served, with a row for every item: those of the vocabulary, then the others, which
 * have no difference.
 */
export function foldTables(
  weights: ReadonlyMap<string, Weights<Float32Array>>,
  text: TextVectors,
): Map<string, Weights<Float32Array>> {
  const folded = new Map(weights);
  for (const table of tables) {
    const map = weights.get(mapOf(table));
    const difference = weights.get(differenceOf(table));
    if (map === undefined || difference === undefined) continue;
    folded.delete(mapOf(table));
    folded.delete(differenceOf(table));
    const [known, width] = difference.shape as [number, number];
    const values = new Float32Array((known + text.otherIds.length) * width);
    project(text.known, map.values, text.dimension, width, values);
    difference.values.forEach((value, at) => {
      values[at]! += value;
    });
    project(text.others, map.values, text.dimension, width, values.subarray(known * width));
    folded.set(table, { shape: [values.length / width, width], values });
  }
  const bias = folded.get('supervised_head/bias');
  if (bias !== undefined && text.otherIds.length > 0) {
    const values = new Float32Array(bias.values.length + text.otherIds.length);
    values.set(bias.values);
    folded.set('supervised_head/bias', { shape: [values.length], values });
  }
  return folded;
}

/** `out = vectors . map`, row by row; sums in float64. */
function project(
  vectors: Float32Array,
  map: Float32Array,
  dimension: number,
  width: number,
  out: Float32Array,
): void {
  const sums = new Float64Array(width);
  for (let row = 0; row * dimension < vectors.length; row++) {
    sums.fill(0);
    for (let from = 0; from < dimension; from++) {
      const value = vectors[row * dimension + from]!;
      for (let to = 0; to < width; to++) sums[to]! += value * map[from * width + to]!;
    }
    for (let to = 0; to < width; to++) out[row * width + to] = sums[to]!;
  }
}

/** What a model that uses its items' texts is given of them. */
export interface TextInput {
  /** `[items, dimension]` */
  readonly vectors: Float32Array;
  /** Occurrences of each item in the training sequences, `[items]`. */
  readonly counts: Int32Array;
}

/** The same as variables, so that all steps share one copy: `vectors` `[items, dimension]`, `hasAction` `[items, 1]`. */
export interface TextVariables {
  readonly vectors: tf.Variable<tf.Rank.R2>;
  readonly hasAction: tf.Variable<tf.Rank.R2>;
  /** Items with an action, which come first. */
  readonly warmItems: number;
}

/** @returns undefined for a network without texts */
export function textVariables(
  network: { readonly shape: BackboneShape; readonly text: TextTable | undefined },
  text: TextInput | undefined,
): TextVariables | undefined {
  if (network.text === undefined || text === undefined) return undefined;
  const { items } = network.shape;
  const constant = (values: Float32Array, width: number) =>
    tf.variable(tf.tensor2d(values, [items, width]), false);
  return {
    vectors: constant(text.vectors, network.text.dimension),
    hasAction: constant(
      Float32Array.from(text.counts, (count) => (count > 0 ? 1 : 0)),
      1,
    ),
    warmItems: text.counts.findLastIndex((count) => count > 0) + 1,
  };
}
