import { type Columns, decodeColumns } from '#lib/columns/arrow-reading.ts';
import { encodeColumns, int32Column, utf8Column } from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';

/*
 * A run's vocabulary is ordered by popularity and changes every night; an item's index in an environment never does. What
 * is asked and answered is therefore translated.
 */

/** Where the items of a run's vocabulary are in an environment. */
export interface ItemMatch {
  /** `[items]`: the index in the environment of item `i + 1`. */
  readonly indices: Int32Array;
  /** Rows of the vocabulary that the environment does not know; their indices go on after its last one, in this order. */
  readonly added: Int32Array;
}

/**
 * @param itemIds the run's vocabulary
 * @param known ids that have an index in the environment already, in the order of their indices
 */
export function matchItems(itemIds: readonly string[], known: readonly string[]): ItemMatch {
  const byId = new Map(known.map((id, row) => [id, row + 1]));
  const added: number[] = [];
  const indices = Int32Array.from(itemIds, (id, row) => {
    const index = byId.get(id);
    return index ?? known.length + added.push(row);
  });
  return { indices, added: Int32Array.from(added) };
}

/** Share (0-1) of the training actions that are on some rows of a vocabulary, by the `counts` of all. */
export function shareOfActions(counts: Int32Array, rows: Int32Array): number {
  let all = 0;
  for (const count of counts) all += count;
  let some = 0;
  for (const row of rows) some += counts[row]!;
  return all === 0 ? 0 : some / all;
}

/** Writes `indices` of an `ItemMatch`. */
export function encodeItemMap(indices: Int32Array): Uint8Array {
  return encodeColumns([int32Column('index', indices)]);
}

/** Translates item indices of a run's vocabulary to those of an environment and back. */
export class ItemMap {
  readonly #toEnvironment: Int32Array;
  readonly #fromEnvironment: Int32Array;

  /** @param indices `[items]`: the index in the environment of item `i + 1` */
  constructor(indices: Int32Array) {
    this.#toEnvironment = indices;
    let last = 0;
    for (const index of indices) last = Math.max(last, index);
    this.#fromEnvironment = new Int32Array(last + 1);
    indices.forEach((index, row) => {
      this.#fromEnvironment[index] = row + 1;
    });
  }

  /**
   * Reads what `encodeItemMap` wrote.
   *
   * @throws ContractError when it is something else
   */
  static decode(bytes: Uint8Array): ItemMap {
    const indices = decodeColumns(bytes, "the map of the environment's items")
      .column('index')
      .int32();
    const wrong = indices.findIndex((index) => index < 1);
    if (wrong === -1) return new ItemMap(indices);
    throw new ContractError(
      `The map of the environment's items has ${indices[wrong]} for item ${wrong + 1}: indices begin at 1.`,
    );
  }

  /** `[n]` item indices of the run to those of the environment. */
  toEnvironment(items: Int32Array): Int32Array {
    return items.map((item) => this.indexOf(item));
  }

  /**
   * The environment's index of an item of the run.
   *
   * @throws ContractError for an item that the run's vocabulary does not have
   */
  indexOf(item: number): number {
    const index = this.#toEnvironment[item - 1];
    if (index !== undefined) return index;
    throw new ContractError(
      `Item ${item} is not in the run's vocabulary of ${this.#toEnvironment.length} items: the shard is of another build.`,
    );
  }

  /** The run's index of an item of the environment; 0 if it is not in the run's vocabulary. */
  fromEnvironment(index: number): number {
    return this.#fromEnvironment[index] ?? 0;
  }
}

/**
 * Items that an environment is to know besides those that it was fitted with (`environments/<version>/added/`): some rows
 * of a vocabulary, without their counts.
 *
 * @param vocabulary `items.arrow` of a run
 * @param rows ascending
 */
export function addedItemsOf(vocabulary: Columns, rows: Int32Array): Uint8Array {
  return encodeColumns(
    ['item_id', 'title', 'fields'].map((name) =>
      utf8Column(name, vocabulary.column(name).stringsAt(rows)),
    ),
  );
}

/** The ids of a table of items, whatever else it has. */
export function decodeItemIds(bytes: Uint8Array): string[] {
  return decodeColumns(bytes, "the environment's items").column('item_id').strings();
}
