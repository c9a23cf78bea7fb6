import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { encodeColumns, int32Column } from '#lib/columns/arrow-writing.ts';
import type { AnswerSource } from './answered-rows.ts';
import type { AugmentedShard } from './augmented-shard.ts';
import type { ItemMap } from './item-map.ts';

/*
 * What an environment answered about a row depends on the environment and on the row's items alone, so an earlier run's
 * answers hold for every row that has not changed. They lie in that run's augmented shards. Which shard to look into, an
 * index tells that knows some rows of each by a hash of their items; user ids are no part of it.
 */

/** Hashes of each shard that the index knows: the smallest ones. */
const hashesAShard = 16;

/** Earlier shards that one shard looks into at most; of rows in the order of the night before, one or two have them all. */
const shardsLookedInto = 6;

/**
 * Hashes of rows by their items alone (FNV-1a, 32 bits, as signed integers), `[rows]`.
 *
 * @param items indices of the environment, rows `offsets[r]` to `offsets[r + 1] - 1`
 */
export function hashRows(items: Int32Array, offsets: Int32Array): Int32Array {
  const hashes = new Int32Array(offsets.length - 1);
  for (let row = 0; row < hashes.length; row++) {
    let hash = 0x811c9dc5;
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      let rest = items[at]!;
      for (let byte = 0; byte < 4; byte++) {
        hash = Math.imul(hash ^ (rest & 0xff), 0x01000193);
        rest >>>= 8;
      }
    }
    // The last bytes reach all bits, so that the smallest hashes are a fair sample of the rows.
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hashes[row] = hash ^ (hash >>> 13);
  }
  return hashes;
}

/** The hashes that stand for a shard in the index, ascending. */
export function sampleHashes(hashes: Int32Array): number[] {
  return [...new Set(hashes)].sort((a, b) => a - b).slice(0, hashesAShard);
}

/** Writes the index: the sampled hashes of each shard. */
export function encodeAnswersIndex(samples: ReadonlyMap<number, readonly number[]>): Uint8Array {
  const entries = [...samples].flatMap(([part, hashes]) =>
    hashes.map((hash) => [hash, part] as const),
  );
  entries.sort(([hashA, partA], [hashB, partB]) => hashA - hashB || partA - partB);
  return encodeColumns([
    int32Column(
      'hash',
      Int32Array.from(entries, ([hash]) => hash),
    ),
    int32Column(
      'part',
      Int32Array.from(entries, ([, part]) => part),
    ),
  ]);
}

/** Tells which shards of an earlier run may have answers to rows. */
export class AnswersIndex {
  readonly #hashes: Int32Array;
  readonly #parts: Int32Array;

  private constructor(hashes: Int32Array, parts: Int32Array) {
    this.#hashes = hashes;
    this.#parts = parts;
  }

  /** @throws ContractError when it is something else */
  static decode(bytes: Uint8Array): AnswersIndex {
    const columns = decodeColumns(bytes, 'the index of answers');
    return new AnswersIndex(columns.column('hash').int32(), columns.column('part').int32());
  }

  /** Shards to look into for rows with these hashes, those with the most known rows first. */
  partsFor(hashes: Int32Array): number[] {
    const found = new Map<number, number>();
    for (const hash of new Set(hashes)) {
      for (let at = this.#firstOf(hash); this.#hashes[at] === hash; at++) {
        const part = this.#parts[at]!;
        found.set(part, (found.get(part) ?? 0) + 1);
      }
    }
    return [...found]
      .sort(([partA, countA], [partB, countB]) => countB - countA || partA - partB)
      .slice(0, shardsLookedInto)
      .map(([part]) => part);
  }

  #firstOf(hash: number): number {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#hashes[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Answers of an earlier run, by the items of their rows. */
export class KeptAnswers {
  readonly #rows = new Map<string, { readonly answers: AugmentedShard; readonly row: number }>();
  readonly #itemOf: (index: number) => number;

  readonly #earlier: ItemMap;

  /**
   * @param earlier of the run that has the answers
   * @param wanted of the run that wants them
   */
  constructor(earlier: ItemMap, wanted: ItemMap) {
    this.#earlier = earlier;
    this.#itemOf = (item) => wanted.fromEnvironment(earlier.indexOf(item));
  }

  add(answers: AugmentedShard): void {
    const items = this.#earlier.toEnvironment(answers.items);
    for (let row = 0; row + 1 < answers.offsets.length; row++) {
      this.#rows.set(contentOf(items, answers.offsets, row), { answers, row });
    }
  }

  /**
   * Where the answer to a row is, if there is one.
   *
   * @param items indices of the environment, rows `offsets[r]` to `offsets[r + 1] - 1`
   */
  find(items: Int32Array, offsets: Int32Array, row: number): AnswerSource | undefined {
    const found = this.#rows.get(contentOf(items, offsets, row));
    return found && { ...found, itemOf: this.#itemOf };
  }
}

/** All of a row that an answer depends on. */
const contentOf = (items: Int32Array, offsets: Int32Array, row: number) =>
  items.subarray(offsets[row]!, offsets[row + 1]!).join();
