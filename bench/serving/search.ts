import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { randomStream } from '#lib/recommender/random.ts';
import { activateTensorflow } from '#lib/serving/champion-model.ts';
import { ItemBounds } from '#lib/serving/scan/item-bounds.ts';
import { BestItems, topItems } from '#lib/serving/top-items.ts';
import { buildTensorflowLayer } from '../../layers/tensorflow/layer.ts';
import { root } from '../../setup/paths.mjs';
import { startFaiss } from './faiss.ts';
import { nothingTaken, type Taken, timed } from './stopwatch.ts';

const dimension = 64;
const count = 20;
/** Searches that nobody counts: until then code is being compiled. */
const warmUp = 20;

/** What each search takes, by turns. @throws Error if any of them does not find the 20 best */
export async function measureSearch({
  items,
  searches,
}: {
  readonly items: number;
  readonly searches: number;
}): Promise<
  { readonly name: string; readonly ours: Taken; readonly peers: Record<string, Taken> }[]
> {
  await activateTensorflow(join(buildTensorflowLayer(root), 'tensorflow/'));
  const random = randomStream(1, 'search');
  const values = Float32Array.from({ length: items * dimension }, () => random.normal());
  const queries = Float32Array.from({ length: searches * dimension }, () => random.normal());
  const folder = mkdtempSync(join(tmpdir(), 'bench-serving-'));
  const files = { items: join(folder, 'items.bin'), queries: join(folder, 'queries.bin') };
  writeFileSync(files.items, new Uint8Array(values.buffer));
  writeFileSync(files.queries, new Uint8Array(queries.buffer));
  const faiss = await startFaiss({ ...files, dimension, count });
  rmSync(folder, { recursive: true });

  const bounds = ItemBounds.of({ values, dimension }, 0)!;
  const transposed = tf.transpose(tf.tensor2d(values, [items, dimension])) as tf.Tensor2D;
  const ways = {
    bounds: (query: Float32Array) => searchByBounds(bounds, values, query),
    tensorflow: (query: Float32Array) => {
      const product = tf.tidy(() => tf.matMul(tf.tensor2d(query, [1, dimension]), transposed));
      const scores = product.dataSync<'float32'>();
      product.dispose();
      return topItems(scores, count);
    },
    plain: (query: Float32Array) => topItems(scoreAll(values, query), count),
  };
  const ours = nothingTaken();
  const [byFaiss, byTensorflow, byPlain] = [nothingTaken(), nothingTaken(), nothingTaken()];
  for (let at = -warmUp; at < searches; at++) {
    const place = Math.abs(at) % searches;
    const query = queries.subarray(place * dimension, (place + 1) * dimension);
    const to = (taken: Taken) => (at < 0 ? nothingTaken() : taken);
    const best = timed(() => ways.bounds(query), to(ours));
    const others = [
      timed(() => ways.tensorflow(query), to(byTensorflow)),
      timed(() => ways.plain(query), to(byPlain)),
    ];
    const found = await faiss.search(place);
    const { clock, processor } = to(byFaiss);
    clock.push(1000 * found.seconds);
    processor.push(1000 * found.processorSeconds);
    others.push(Int32Array.from(found.items, (row) => row + 1));
    for (const other of others) expectSame(best, other);
  }
  await faiss.close();
  const peers = {
    [`FAISS ${faiss.version}, flat`]: byFaiss,
    'TensorFlow.js, WebAssembly': byTensorflow,
    'plain JavaScript': byPlain,
  };
  return [{ name: `${count} best of ${items} vectors of ${dimension}`, ours, peers }];
}

function searchByBounds(bounds: ItemBounds, values: Float32Array, query: Float32Array): Int32Array {
  const best = new BestItems(count);
  bounds.visit(
    Float64Array.from(query),
    [],
    () => best.least,
    (item) => best.offer(item, productOf(values, query, item - 1)),
  );
  return best.take().items;
}

function scoreAll(values: Float32Array, query: Float32Array): Float32Array {
  const scores = new Float32Array(values.length / dimension);
  for (let item = 0; item < scores.length; item++) {
    const begin = item * dimension;
    let sum = 0;
    for (let at = 0; at < dimension; at++) sum += query[at]! * values[begin + at]!;
    scores[item] = sum;
  }
  return scores;
}

/** In float32, the sum in order. */
function productOf(values: Float32Array, query: Float32Array, row: number): number {
  let sum = 0;
  for (let at = 0; at < dimension; at++) {
    sum = Math.fround(sum + Math.fround(query[at]! * values[row * dimension + at]!));
  }
  return sum;
}

/** Neighbours whose scores differ by rounding alone may have changed places. */
function expectSame(best: Int32Array, other: Int32Array): void {
  const found = new Set(other);
  const missed = best.filter((item) => !found.has(item)).length;
  if (missed > 1) throw new Error(`${missed} of ${best.length} items differ.`);
}
