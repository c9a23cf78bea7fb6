/** What takes the weights of pairs. */
export interface PairSums {
  /** Told before each occurrence. @returns false if the item has to wait for a pass of its own */
  expect(item: number, pairs: number): boolean;
  add(item: number, other: number, weight: number): void;
}

/** Sums of the pairs of one item, and which others they are of. */
export class SumsOfOne implements PairSums {
  /** `[items + 1]` */
  readonly sums: Float64Array;
  readonly others: number[] = [];

  constructor(items: number) {
    this.sums = new Float64Array(items + 1);
  }

  expect(): boolean {
    return true;
  }

  add(_item: number, other: number, weight: number): void {
    if (this.sums[other] === 0) this.others.push(other);
    this.sums[other]! += weight;
  }

  clear(): void {
    for (const other of this.others) this.sums[other] = 0;
    this.others.length = 0;
  }
}

/** A table has at least this many places for each sum in it. */
const slack = 4 / 3;
/** This share of the items goes on where there is too little room for the sums of all. */
const sharePerShortage = 3 / 4;

/**
 * Sums of the pairs of some items, each item's in a table that grows with them: hashed with open addressing, or with a place
 * for every other item. All tables lie in two arrays. Where these are full, the last of the items are given up.
 */
export class SumsOfMany implements PairSums {
  readonly items: number;
  /** The items are `[first, end)`. */
  readonly first: number;
  end: number;
  /** Item of each place, 0 for none; unused where the place says it. */
  readonly #others: Int32Array;
  readonly #sums: Float64Array;
  /** Where each item's table begins, by item less `first`. */
  readonly #begins: Int32Array;
  /** Logarithm of its size to the base 2; 0 for none, `#dense` for a place for every item. */
  readonly #bits: Uint8Array;
  readonly #counts: Int32Array;
  readonly #dense: number;
  #top = 0;
  /** Tables that were outgrown, by their bits; all zeros. */
  readonly #free = new Map<number, number[]>();

  /** @param room places of all tables, more only where a single item needs them */
  constructor(items: number, first: number, room: number) {
    this.items = items;
    this.first = first;
    this.end = items + 1;
    this.#dense = Math.max(1, Math.ceil(Math.log2(items)));
    // A table may have to grow into the largest one while it is there itself.
    const places = Math.max(room, 2 * items);
    this.#others = new Int32Array(places);
    this.#sums = new Float64Array(places);
    this.#begins = new Int32Array(this.end - first);
    this.#bits = new Uint8Array(this.end - first);
    this.#counts = new Int32Array(this.end - first);
  }

  expect(item: number, pairs: number): boolean {
    if (item >= this.end) return false;
    const index = item - this.first;
    const bits = this.#bits[index]!;
    if (bits === this.#dense) return true;
    const wanted = slack * (this.#counts[index]! + pairs);
    // Of no bits is a table of no places, not of one: enough for no pairs, and one pair wants more than one.
    if (wanted <= 2 ** bits) return true;
    const enough = Math.min(this.#dense, Math.max(2, Math.ceil(Math.log2(wanted))));
    // Those that are given up make room; alone, an item has enough.
    let begin = this.#allocate(enough);
    while (begin === undefined) {
      this.#giveUp();
      if (item >= this.end) return false;
      begin = this.#allocate(enough);
    }
    this.#move(index, begin, enough);
    return true;
  }

  add(item: number, other: number, weight: number): void {
    const index = item - this.first;
    const begin = this.#begins[index]!;
    const bits = this.#bits[index]!;
    const place = bits === this.#dense ? begin + other - 1 : this.#find(begin, bits, other);
    if (this.#sums[place] === 0) {
      this.#counts[index]!++;
      this.#others[place] = other;
    }
    this.#sums[place]! += weight;
  }

  /** Gives the sums of an item to `one`, which is empty. */
  read(item: number, one: SumsOfOne): SumsOfOne {
    const index = item - this.first;
    const begin = this.#begins[index]!;
    const end = begin + this.#sizeOf(this.#bits[index]!);
    for (let place = begin; place < end; place++) {
      const sum = this.#sums[place]!;
      if (sum !== 0) one.add(item, this.#others[place]!, sum);
    }
    return one;
  }

  #sizeOf(bits: number): number {
    if (bits === this.#dense) return this.items;
    return bits === 0 ? 0 : 2 ** bits;
  }

  /** Place of another item in a table, or where it is to go. */
  #find(begin: number, bits: number, other: number): number {
    const last = 2 ** bits - 1;
    let slot = Math.imul(other, 0x9e3779b1) >>> (32 - bits);
    while (true) {
      const found = this.#others[begin + slot]!;
      if (found === other || found === 0) return begin + slot;
      slot = slot === last ? 0 : slot + 1;
    }
  }

  #allocate(bits: number): number | undefined {
    const free = this.#free.get(bits)?.pop();
    if (free !== undefined) return free;
    const begin = this.#top;
    const end = begin + this.#sizeOf(bits);
    if (end > this.#sums.length) return undefined;
    this.#top = end;
    return begin;
  }

  /** Moves an item's sums into a larger table. */
  #move(index: number, begin: number, bits: number): void {
    const from = this.#begins[index]!;
    const size = this.#sizeOf(this.#bits[index]!);
    for (let place = from; place < from + size; place++) {
      const other = this.#others[place]!;
      if (other === 0) continue;
      const to = bits === this.#dense ? begin + other - 1 : this.#find(begin, bits, other);
      this.#others[to] = other;
      this.#sums[to] = this.#sums[place]!;
    }
    if (size > 0) {
      this.#others.fill(0, from, from + size);
      this.#sums.fill(0, from, from + size);
      const free = this.#free.get(this.#bits[index]!) ?? [];
      free.push(from);
      this.#free.set(this.#bits[index]!, free);
    }
    this.#begins[index] = begin;
    this.#bits[index] = bits;
  }

  /** Gives up the last items, and moves the tables of the others together. */
  #giveUp(): void {
    const left = Math.max(1, Math.floor((this.end - this.first) * sharePerShortage));
    this.end = this.first + left;
    const indices = Array.from({ length: left }, (_, index) => index).sort(
      (a, b) => this.#begins[a]! - this.#begins[b]!,
    );
    let top = 0;
    for (const index of indices) {
      const begin = this.#begins[index]!;
      const end = begin + this.#sizeOf(this.#bits[index]!);
      this.#others.copyWithin(top, begin, end);
      this.#sums.copyWithin(top, begin, end);
      this.#begins[index] = top;
      top += end - begin;
    }
    this.#others.fill(0, top, this.#top);
    this.#sums.fill(0, top, this.#top);
    this.#free.clear();
    this.#top = top;
  }
}
