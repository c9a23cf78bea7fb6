import { ValidationError } from './errors.ts';
import { maximumParts } from './keys.ts';

/** No id is longer than this, whatever the configuration; in characters. */
export const longestId = 1024;

/** Training shards that one call of `augment-sequences` asks the environment about. */
export const shardsPerCall = 4;

/**
 * Refuses more training shards than there are keys for.
 *
 * @param count of shards, or an estimate of it
 * @param shardItems `sequences.shardItems`
 * @throws ValidationError with the setting that helps, and how far
 */
export function expectShards(count: number, shardItems: number): void {
  if (count <= maximumParts) return;
  const enough = Math.ceil((shardItems * count) / maximumParts / 1024) * 1024;
  throw new ValidationError(
    `The training sequences make ${number(count)} shards, a run may have ${number(maximumParts)}. Raise sequences.shardItems from ${shardItems} to ${enough} or more.`,
  );
}

const number = (value: number) => value.toLocaleString('en-US');

/** What FitRivals, and whoever fits rivals, has in memory of each kind of pairs at the same time. */
export const pairRoom = {
  /** Actions whose rows are looked at together: 16 bytes each. */
  actions: 2 ** 23,
  /** Sums of pairs that wait for more rows: 8 bytes each, 12 of items that are seen with few others. */
  sums: 2 ** 26,
};
