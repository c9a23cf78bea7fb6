import fc from 'fast-check';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { type IngestedInteraction, InteractionLog } from '#lib/sequences/interaction-log.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

/** An interaction with the object that it came in. */
export interface Row extends IngestedInteraction {
  readonly key: string;
}

/** Few users, items and times, so that ties, duplicates and repeats are frequent. */
export const rows: fc.Arbitrary<Row[]> = fc
  .array(
    fc.record({
      user_id: fc.constantFrom('u1', 'u2', 'u10', 'ü', 'v', 'w'),
      item_id: fc.constantFrom('a', 'b', 'c', 'd', 'é'),
      timestamp: fc.integer({ min: 1_500_000_000, max: 1_500_000_012 }),
      event_type: fc.constantFrom(null, 'click', 'buy'),
      key: fc.constantFrom('interactions/1', 'interactions/2'),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .map((all) => all.map((row, index) => ({ ...row, line: index + 1 })));

/** A log of rows, in the order given. */
export function logOf(
  all: readonly Row[],
  options: Partial<ConstructorParameters<typeof InteractionLog>[0]> = {},
): InteractionLog {
  const log = new InteractionLog({ eventRewards: {}, defaultReward: 1, ...options });
  const parts = new Map<string, number>();
  for (const row of all) {
    const part = parts.get(row.key) ?? log.part(row.key);
    parts.set(row.key, part);
    log.add(row, part);
  }
  return log;
}

/** Rows of one user each, in time order, items by name; `u1: 'a b c'`. */
export function histories(byUser: Readonly<Record<string, string>>): Row[] {
  return Object.entries(byUser).flatMap(([user_id, items]) =>
    items.split(' ').map((item_id, index) => ({
      user_id,
      item_id,
      timestamp: 1_500_000_000 + index,
      event_type: null,
      line: index + 1,
      key: 'interactions/1',
    })),
  );
}

/** Builds with lenient filters, leave-one-out and no baskets unless told otherwise. */
export function build(all: readonly Row[], settings: Record<string, unknown> = {}) {
  const config = sequencesConfig.parse({
    minimumUserInteractions: 1,
    minimumItemInteractions: 1,
    split: 'leave-one-out',
    baskets: 'off',
    ...settings,
  });
  return buildSequences(logOf(all), config);
}

/** The rows of a shard as plain lists. */
export function rowsOf(shard: SequenceShard) {
  return shard.users.map((user, row) => ({
    user,
    start: shard.starts[row]!,
    items: [...shard.items.subarray(shard.offsets[row]!, shard.offsets[row + 1]!)],
  }));
}
