import { pairRoom } from '#lib/contracts/limits.ts';
import type { Fitting, RowsShape } from '#lib/sequences/passes.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { stepsBack } from './history-scorer.ts';
import { nthLargest } from './nth-largest.ts';
import { type PairSums, SumsOfMany, SumsOfOne } from './pair-sums.ts';

/** Pairs from an item to others, those of item `i` at `offsets[i]` to `offsets[i + 1] - 1`. */
export interface PairTable {
  readonly offsets: Int32Array;
  readonly items: Int32Array;
  readonly strengths: Float32Array;
}

/** What the occurrences of an item say of other items. */
export interface PairRule {
  /** How much an action `distance` baskets after (below 0: before) an occurrence says, 0 for nothing. */
  weigh(distance: number): number;
  /** Baskets beyond which `weigh` is 0, before and after. */
  readonly reach: { readonly before: number; readonly after: number };
  /** Factor of a pair's sum. @param occurrences of each item, `[items + 1]` */
  scale(item: number, other: number, occurrences: Int32Array): number;
  /** Pairs kept of an item, ties to the smaller item index. */
  readonly most: number;
}

/** What may be in memory at the same time, see `pairRoom`. */
export type Room = Readonly<typeof pairRoom>;

/**
 * Adds up, for every item, what its occurrences in the rows say of other items, and keeps the strongest. Rows that have room
 * together are added up item by item, in one pass. Of more rows the sums wait for the next ones, of as many items at
 * a time as there is room for; the others have passes of their own. A pair's sum is always added up in the order of the rows, so
 * that it is the same to the bit however rows are cut into shards and items into passes.
 */
export function* countPairs(
  { items, baskets }: RowsShape,
  rule: PairRule,
  room: Room = pairRoom,
): Fitting<PairTable> {
  const occurrences = new Int32Array(items + 1);
  const kept = new KeptPairs(items, rule, occurrences);
  const one = new SumsOfOne(items);
  const rows = new RowGroup(baskets);
  for (let first = 1; first <= items; ) {
    rows.clear();
    let sums: SumsOfMany | undefined;
    yield (shard) => {
      if (first === 1) for (const item of shard.items) occurrences[item]!++;
      if (rows.length > 0 && rows.length + shard.items.length > room.actions) {
        sums ??= new SumsOfMany(items, first, room.sums);
        addGroup(rows, rule, sums);
        rows.clear();
      }
      rows.push(shard);
    };
    if (sums === undefined) {
      const places = placesByItem(rows.items, items);
      for (; first <= items; first++) {
        addOccurrences(rows, places, first, rule, one);
        kept.take(first, one);
      }
    } else {
      addGroup(rows, rule, sums);
      for (; first < sums.end; first++) kept.take(first, sums.read(first, one));
    }
  }
  return kept.table();
}

/** Rows of several shards, one behind the other. */
class RowGroup {
  readonly #baskets: boolean;
  #items = new Int32Array(0);
  /** Baskets back from the end of the row. */
  #steps = new Int32Array(0);
  #rowOf = new Int32Array(0);
  /** Where each row begins; where the last one ends is the length. */
  readonly #begins: number[] = [];
  length = 0;

  constructor(baskets: boolean) {
    this.#baskets = baskets;
  }

  /** Its memory is kept for the next rows. */
  clear(): void {
    this.#begins.length = 0;
    this.length = 0;
  }

  push({ offsets, items, timestamps }: SequenceShard): void {
    const end = this.length + items.length;
    if (end > this.#items.length) {
      const capacity = Math.max(end, 2 * this.#items.length);
      this.#items = enlarged(this.#items, capacity);
      this.#steps = enlarged(this.#steps, capacity);
      this.#rowOf = enlarged(this.#rowOf, capacity);
    }
    this.#items.set(items, this.length);
    for (let row = 0; row + 1 < offsets.length; row++) {
      const begin = this.length + offsets[row]!;
      const times = timestamps.subarray(offsets[row]!, offsets[row + 1]!);
      this.#steps.set(stepsBack(times, this.#baskets), begin);
      this.#rowOf.fill(this.#begins.length, begin, begin + times.length);
      this.#begins.push(begin);
    }
    this.length = end;
  }

  get items(): Int32Array {
    return this.#items.subarray(0, this.length);
  }

  get steps(): Int32Array {
    return this.#steps;
  }

  /** Places `[begin, end)` of the row that a place is in. */
  rowAround(place: number): readonly [begin: number, end: number] {
    const row = this.#rowOf[place]!;
    return [this.#begins[row]!, this.#begins[row + 1] ?? this.length];
  }
}

function enlarged(values: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const more = new Int32Array(length);
  more.set(values);
  return more;
}

/** Where each item occurs (counting sort): item `i` at `places[offsets[i]]` to `places[offsets[i + 1] - 1]`. */
interface Places {
  readonly offsets: Int32Array;
  readonly places: Int32Array;
}

function placesByItem(items: Int32Array, count: number): Places {
  const offsets = new Int32Array(count + 2);
  for (const item of items) offsets[item + 1]!++;
  for (let item = 0; item <= count; item++) offsets[item + 1]! += offsets[item]!;
  const next = offsets.slice();
  const places = new Int32Array(items.length);
  for (let place = 0; place < items.length; place++) places[next[items[place]!]!++] = place;
  return { offsets, places };
}

/** Adds up all that a group says of items that do not wait. */
function addGroup(rows: RowGroup, rule: PairRule, sums: SumsOfMany): void {
  const places = placesByItem(rows.items, sums.items);
  // The end comes nearer while there is too little room.
  for (let item = sums.first; item < sums.end; item++) {
    addOccurrences(rows, places, item, rule, sums);
  }
}

/** Adds what the occurrences of an item say, one by one, later actions first. */
function addOccurrences(
  rows: RowGroup,
  { offsets, places }: Places,
  item: number,
  { weigh, reach }: PairRule,
  sums: PairSums,
): void {
  const { items, steps } = rows;
  for (let occurrence = offsets[item]!; occurrence < offsets[item + 1]!; occurrence++) {
    const place = places[occurrence]!;
    const [begin, end] = rows.rowAround(place);
    if (!sums.expect(item, end - begin - 1)) return;
    const own = steps[place]!;
    for (let at = place + 1; at < end; at++) {
      const distance = own - steps[at]!;
      if (distance > reach.after) break;
      const weight = weigh(distance);
      if (weight !== 0) sums.add(item, items[at]!, weight);
    }
    for (let at = place - 1; at >= begin; at--) {
      const distance = own - steps[at]!;
      if (-distance > reach.before) break;
      const weight = weigh(distance);
      if (weight !== 0) sums.add(item, items[at]!, weight);
    }
  }
}

/** The strongest pairs of the items so far. */
class KeptPairs {
  readonly #rule: PairRule;
  readonly #occurrences: Int32Array;
  readonly #offsets: Int32Array;
  #items = new Int32Array(1024);
  #strengths = new Float32Array(1024);

  constructor(items: number, rule: PairRule, occurrences: Int32Array) {
    this.#rule = rule;
    this.#occurrences = occurrences;
    this.#offsets = new Int32Array(items + 2);
  }

  /** @param pairs of the item after the last one; cleared */
  take(item: number, pairs: SumsOfOne): void {
    const { others, sums } = pairs;
    for (const other of others) sums[other]! *= this.#rule.scale(item, other, this.#occurrences);
    let end = this.#offsets[item]!;
    for (const other of strongest([...others], sums, this.#rule.most)) {
      if (end === this.#items.length) {
        this.#items = enlarged(this.#items, 2 * end);
        const strengths = new Float32Array(2 * end);
        strengths.set(this.#strengths);
        this.#strengths = strengths;
      }
      this.#items[end] = other;
      this.#strengths[end++] = sums[other]!;
    }
    this.#offsets[item + 1] = end;
    pairs.clear();
  }

  table(): PairTable {
    const end = this.#offsets.at(-1)!;
    return {
      offsets: this.#offsets,
      items: this.#items.slice(0, end),
      strengths: this.#strengths.slice(0, end),
    };
  }
}

/** The items with the largest strengths, ascending by index. */
export function strongest(items: number[], strengthOf: Float64Array, most: number): number[] {
  if (items.length <= most) return items.sort((a, b) => a - b);
  const strengths = new Float64Array(items.length);
  for (let at = 0; at < items.length; at++) strengths[at] = strengthOf[items[at]!]!;
  const least = nthLargest(strengths, items.length, most);
  const above = items.filter((item) => strengthOf[item]! > least);
  const tied = items.filter((item) => strengthOf[item] === least).sort((a, b) => a - b);
  return [...above, ...tied.slice(0, most - above.length)].sort((a, b) => a - b);
}
