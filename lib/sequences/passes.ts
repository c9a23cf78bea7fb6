import type { SequenceShard } from './shard.ts';

/*
 * What is counted of rows is counted in passes over them, so that no more of them is in memory than a shard: what is kept
 * grows with the items, never with the actions. Where the rows come from (memory, S3) is the caller's.
 */

/** Sees every shard of a pass, in their order. */
export type ShardReader = (shard: SequenceShard) => void;

/** Fits something: each reader that it yields is shown all shards once, in their order, before it goes on. */
export type Fitting<Result> = Generator<ShardReader, Result, void>;

/** What a fitting has to know of the rows beforehand. */
export interface RowsShape {
  /** Size of the vocabulary. */
  readonly items: number;
  /** Actions of one user with the same timestamp are one basket, whose order means nothing. */
  readonly baskets: boolean;
}

/** Several fittings on the same passes: as many as the one with most of them has. */
export function* sideBySide<Result>(fittings: readonly Fitting<Result>[]): Fitting<Result[]> {
  const results: Result[] = [];
  let steps = fittings.map((fitting, place) => ({ fitting, place }));
  while (true) {
    const readers: ShardReader[] = [];
    steps = steps.filter(({ fitting, place }) => {
      const { done, value } = fitting.next();
      if (done) results[place] = value;
      else readers.push(value);
      return !done;
    });
    if (steps.length === 0) return results;
    yield (shard) => {
      for (const read of readers) read(shard);
    };
  }
}

/** Fits something that has nothing to read. */
// biome-ignore lint/correctness/useYield: a fitting of no passes
export function* fitted<Result>(result: Result): Fitting<Result> {
  return result;
}

/** Fits on rows that are in memory, or read anew whenever somebody goes through them. */
export function fitOn<Result>(shards: Iterable<SequenceShard>, fitting: Fitting<Result>): Result {
  let step = fitting.next();
  while (!step.done) {
    for (const shard of shards) step.value(shard);
    step = fitting.next();
  }
  return step.value;
}

/** Fits on rows that are read anew for every pass. */
export async function fitOnStream<Result>(
  read: () => AsyncIterable<SequenceShard>,
  fitting: Fitting<Result>,
): Promise<Result> {
  let step = fitting.next();
  while (!step.done) {
    for await (const shard of read()) step.value(shard);
    step = fitting.next();
  }
  return step.value;
}
