import { tf } from '#lib/graph/tensorflow.ts';

/** Values `[rows, items]` computed at a time: 8 MiB, so that what one operation writes the next finds in the cache. */
const valuesAtOnce = 2 * 1024 * 1024;
/** Fewer rows would read the whole table for too little. */
const fewestRows = 32;

/** Cuts `[places, width]` into blocks of rows whose values over `items` fit into the cache. */
export function rowBlocks(states: tf.Tensor2D, items: number): tf.Tensor2D[] {
  const places = states.shape[0];
  const wanted = Math.max(fewestRows, Math.floor(valuesAtOnce / items));
  const count = Math.max(1, Math.round(places / wanted));
  const rows = Math.ceil(places / count);
  if (rows >= places) return [states];
  const sizes: number[] = [];
  for (let begin = 0; begin < places; begin += rows) sizes.push(Math.min(rows, places - begin));
  return tf.split(states, sizes, 0) as tf.Tensor2D[];
}
