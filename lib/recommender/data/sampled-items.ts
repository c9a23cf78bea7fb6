import type { RandomStream } from '../random.ts';

/** Draws items with replacement in proportion to a smoothed training frequency. */
export interface ItemSampler {
  draw(random: RandomStream): number;
  /** log of the expected number of times that an item is among `draws` draws. */
  logCount(item: number, draws: number): number;
}

/** Draws items for a sampled loss, each with the log of the number of times that it was expected. Both `[draws]`. */
export function sampleItems(
  sampler: ItemSampler,
  draws: number,
  random: RandomStream,
): { items: Int32Array; logCounts: Float32Array } {
  const items = Int32Array.from({ length: draws }, () => sampler.draw(random));
  return {
    items,
    logCounts: Float32Array.from(items, (item) => sampler.logCount(item, draws)),
  };
}

/** Popularity is dampened, as in word2vec (https://arxiv.org/abs/1310.4546); every item counts as seen once more. */
const dampening = 0.75;

/**
 * A sampler over the vocabulary.
 *
 * @param counts occurrences of each item in training, `[items]`
 * @param isUniform draw all items alike
 */
export function itemSampler(counts: Int32Array, isUniform: boolean): ItemSampler {
  if (isUniform) {
    return {
      draw: (random) => 1 + random.integer(counts.length),
      logCount: (_, draws) => Math.log(draws / counts.length),
    };
  }
  const cumulative = new Float64Array(counts.length);
  let total = 0;
  counts.forEach((count, index) => {
    total += (count + 1) ** dampening;
    cumulative[index] = total;
  });
  return {
    draw(random) {
      const wanted = random.uniform() * total;
      let low = 0;
      let high = counts.length - 1;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (cumulative[middle]! > wanted) high = middle;
        else low = middle + 1;
      }
      return low + 1;
    },
    logCount: (item, draws) => Math.log((draws * (counts[item - 1]! + 1) ** dampening) / total),
  };
}
