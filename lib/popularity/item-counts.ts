import * as z from 'zod';
import { ContractError } from '#lib/contracts/errors.ts';
import { halfLives } from '#lib/contracts/half-lives.ts';

/*
 * Decayed counts by item id, as they are kept beside the champion: what `DecayedCounts` is at one moment. They add up,
 * so uploads can be counted one by one and in any order.
 */

/** How often each item was taken, an action counting half as much for every half-life that has passed since. */
export interface ItemCounts {
  /** Unix seconds for which the counts are, by rule the newest action's; one dated later counts as of this moment. */
  readonly asOf: number;
  /** By item id, `[half-lives]` in the order of `halfLives`. */
  readonly counts: ReadonlyMap<string, Float64Array>;
}

/** One action, as far as counting is concerned. */
export interface CountedAction {
  readonly item: string;
  /** Unix seconds. */
  readonly time: number;
}

/**
 * The moment of the newest action, Unix seconds; 0 without any.
 *
 * @param latest what a time that lies in the future counts as
 */
export function newestOf(times: Iterable<number>, latest: number): number {
  let newest = 0;
  for (const time of times) if (time > newest) newest = time;
  return Math.min(newest, latest);
}

/** Counts actions as of a moment. */
export function countActions(actions: Iterable<CountedAction>, asOf: number): ItemCounts {
  const counts = new Map<string, Float64Array>();
  countInto(counts, actions, asOf);
  return { asOf, counts };
}

/** Adds actions to counts by item id, `[half-lives]`, of the same moment. */
export function countInto(
  counts: Map<string, Float64Array>,
  actions: Iterable<CountedAction>,
  asOf: number,
): void {
  for (const { item, time } of actions) {
    let own = counts.get(item);
    if (own === undefined) {
      own = new Float64Array(halfLives.length);
      counts.set(item, own);
    }
    const age = Math.max(0, asOf - time);
    for (let which = 0; which < own.length; which++) own[which]! += 2 ** -(age / halfLives[which]!);
  }
}

/** The counts of all actions that either has, as of the later of both moments. */
export function addCounts(a: ItemCounts, b: ItemCounts): ItemCounts {
  const asOf = Math.max(a.asOf, b.asOf);
  const counts = new Map<string, Float64Array>();
  for (const part of [a, b]) {
    const factors = halfLives.map((halfLife) => 2 ** -((asOf - part.asOf) / halfLife));
    for (const [item, own] of part.counts) {
      const sum = counts.get(item) ?? new Float64Array(halfLives.length);
      for (let which = 0; which < sum.length; which++) sum[which]! += own[which]! * factors[which]!;
      counts.set(item, sum);
    }
  }
  return { asOf, counts };
}

/** Counts in JSON (docs/contracts.md, 9). */
export const itemCountsFile = z.strictObject({
  asOf: z.number(),
  /** Seconds, null for all time; as many as each item has numbers. */
  halfLives: z.array(z.number().positive().nullable()),
  items: z.array(z.string().min(1)),
  /** Base64 of float32, little-endian, `[items, half-lives]`. */
  counts: z.base64(),
});

type ItemCountsFile = z.infer<typeof itemCountsFile>;

export function encodeItemCounts({ asOf, counts }: ItemCounts): ItemCountsFile {
  const bytes = Buffer.alloc(4 * counts.size * halfLives.length);
  let at = 0;
  for (const own of counts.values()) for (const value of own) at = bytes.writeFloatLE(value, at);
  return {
    asOf,
    halfLives: halfLives.map((halfLife) => (Number.isFinite(halfLife) ? halfLife : null)),
    items: [...counts.keys()],
    counts: bytes.toString('base64'),
  };
}

/** @throws ContractError if they are of other half-lives, or not as many numbers as they should be */
export function decodeItemCounts(file: ItemCountsFile): ItemCounts {
  const own = file.halfLives.map((halfLife) => halfLife ?? Number.POSITIVE_INFINITY);
  const bytes = Buffer.from(file.counts, 'base64');
  if (own.join() !== halfLives.join() || bytes.length !== 4 * file.items.length * own.length) {
    throw new ContractError(
      `Counts of ${file.items.length} items with ${bytes.length / 4} numbers and the half-lives ${own.join(', ')} s do not follow their contract. Run a night: it counts anew.`,
    );
  }
  let at = 0;
  const counts = new Map<string, Float64Array>();
  for (const item of file.items) {
    const values = new Float64Array(own.length);
    for (let which = 0; which < values.length; which++, at += 4)
      values[which] = bytes.readFloatLE(at);
    counts.set(item, values);
  }
  return { asOf: file.asOf, counts };
}
