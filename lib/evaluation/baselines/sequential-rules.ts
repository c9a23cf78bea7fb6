import type { Baseline, ItemScores, TrainingData } from './baseline.ts';

/** Rules "after `i` comes `j`" by antecedent: those of item `i` are at `offsets[i]` to `offsets[i + 1] - 1`. */
interface Rules {
  /** `[items + 2]` */
  readonly offsets: Int32Array;
  /** What comes, an item index each. */
  readonly items: Int32Array;
  /** Above 0. */
  readonly strengths: Float32Array;
}

/** Steps between the two items of a rule, at most. */
const maximumDistance = 10;
/** Strongest rules kept for each item. */
const maximumRules = 200;
/** Each step back in the history counts this much less, down to the smallest weight that is used. */
const decay = 0.5;
const minimumWeight = 0.01;

/**
 * Rules "after `i` comes `j`", each occurrence counted `1 / distance` (Sequential Rules; Ludewig and Jannach 2018,
 * https://arxiv.org/abs/1803.09587, section 3.1). Scored from the last items of the history and not from the very last
 * alone: `score(j) = sum_k decay^k rule(h_k, j) / sqrt(count(h_k))`, `h_0` the last item. Seconds of work, and in the
 * range of well-trained neural recommenders: whatever claims to be better should show it against this.
 */
export function sequentialRules(data: TrainingData): Baseline {
  const rules = countRules(data);
  return {
    name: 'sequential-rules',
    score: (history, scores) => scoreByRules(rules, history, scores),
  };
}

/** Adds the score of every item that a rule speaks for. */
function scoreByRules(
  { offsets, items, strengths }: Rules,
  history: Int32Array,
  scores: ItemScores,
): void {
  let weight = 1;
  for (let index = history.length - 1; index >= 0 && weight > minimumWeight; index--) {
    const antecedent = history[index]!;
    // A model knows rules of its training vocabulary alone.
    const end = offsets[antecedent + 1] ?? 0;
    for (let rule = offsets[antecedent] ?? 0; rule < end; rule++) {
      scores.add(items[rule]!, weight * strengths[rule]!);
    }
    weight *= decay;
  }
}

/** Rules by antecedent: those of item `i` are at `offsets[i]` to `offsets[i + 1] - 1`. */
function countRules({ itemTable, shards }: TrainingData): Rules {
  const count = itemTable.itemIds.length;
  const offsets = new Int32Array(count + 2);
  const items: number[] = [];
  const strengths: number[] = [];
  const places = placesByItem(shards, count);
  const strengthOf = new Float64Array(count + 1);
  for (let antecedent = 1; antecedent <= count; antecedent++) {
    const followers: number[] = [];
    const begin = places.offsets[antecedent]!;
    const end = places.offsets[antecedent + 1]!;
    for (let at = begin; at < end; at++) {
      const shard = shards[places.shards[at]!]!;
      const place = places.places[at]!;
      const last = Math.min(places.rowEnds[at]! - 1, place + maximumDistance);
      for (let other = place + 1; other <= last; other++) {
        const item = shard.items[other]!;
        if (strengthOf[item] === 0) followers.push(item);
        strengthOf[item]! += 1 / (other - place);
      }
    }
    for (const item of strongest(followers, strengthOf)) {
      items.push(item);
      strengths.push(strengthOf[item]! / Math.sqrt(end - begin));
    }
    for (const item of followers) strengthOf[item] = 0;
    offsets[antecedent + 1] = items.length;
  }
  return { offsets, items: Int32Array.from(items), strengths: Float32Array.from(strengths) };
}

/** The followers with the largest strengths, at most `maximumRules`, ties to the smaller item index. */
function strongest(followers: number[], strengthOf: Float64Array): number[] {
  if (followers.length <= maximumRules) return followers;
  // Sorting the bare numbers is many times faster than sorting the items by them.
  const sorted = Float64Array.from(followers, (item) => strengthOf[item]!).sort();
  const least = sorted[sorted.length - maximumRules]!;
  const above = followers.filter((item) => strengthOf[item]! > least);
  const tied = followers.filter((item) => strengthOf[item] === least).sort((a, b) => a - b);
  return [...above, ...tied.slice(0, maximumRules - above.length)];
}

/** Where each item occurs in the rows of the shards (counting sort). */
function placesByItem(shards: TrainingData['shards'], count: number) {
  const offsets = new Int32Array(count + 2);
  for (const { items } of shards) for (const item of items) offsets[item + 1]!++;
  for (let item = 0; item <= count; item++) offsets[item + 1]! += offsets[item]!;
  const next = offsets.slice();
  const occurrences = offsets[count + 1]!;
  const result = {
    offsets,
    shards: new Int32Array(occurrences),
    places: new Int32Array(occurrences),
    rowEnds: new Int32Array(occurrences),
  };
  shards.forEach((shard, number) => {
    for (let row = 0; row + 1 < shard.offsets.length; row++) {
      for (let place = shard.offsets[row]!; place < shard.offsets[row + 1]!; place++) {
        const at = next[shard.items[place]!]!++;
        result.shards[at] = number;
        result.places[at] = place;
        result.rowEnds[at] = shard.offsets[row + 1]!;
      }
    }
  });
  return result;
}
