import { type Columns, expectSameLengths } from '#lib/columns/arrow-reading.ts';
import type { RecentHistories } from './everybody.ts';
import { expectItems } from './shard.ts';

/**
 * The histories among the columns of a file: `user_id`, `items` and `timestamps` of the window, `earlier` of what came before it.
 * The arrays may be views of the file's bytes.
 *
 * @param what names the file in errors
 * @param minimumLength items that a history has at least
 * @throws ContractError naming the column and row that do not follow the contract
 */
export function readHistories(
  columns: Columns,
  what: string,
  minimumLength: number,
): RecentHistories {
  const items = columns.column('items').list();
  const times = columns.column('timestamps').list();
  const earlier = columns.column('earlier').list();
  expectSameLengths(what, ['items', items.offsets], ['timestamps', times.offsets]);
  const indices = items.values.int32();
  const earlierItems = earlier.values.int32();
  expectItems(what, 'items', items.offsets, indices, minimumLength);
  expectItems(what, 'earlier', earlier.offsets, earlierItems, 0);
  return {
    users: columns.column('user_id').strings(),
    offsets: items.offsets,
    items: indices,
    times: times.values.float64(),
    earlierOffsets: earlier.offsets,
    earlierItems,
  };
}
