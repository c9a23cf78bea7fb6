import { type Columns, decodeBatches } from '#lib/columns/arrow-reading.ts';
import {
  encodeColumns,
  float64Column,
  int32Column,
  uint8Column,
} from '#lib/columns/arrow-writing.ts';
import { batchesOf, joinStreams } from '#lib/columns/batches.ts';
import { ContractError } from '#lib/contracts/errors.ts';

/**
 * Who took what is forgotten, when is kept (docs/contracts.md, 3): all actions of everybody on items of the vocabulary,
 * ascending by time, then by item. Popularity at a time is counted from them.
 */
export interface InteractionEvents {
  /** Item index of each action, `[events]`. */
  readonly items: Int32Array;
  /** Unix seconds, ascending, `[events]`. */
  readonly times: Float64Array;
  /** 1 for an action that is held out of training (it belongs to validation or test), `[events]`. */
  readonly isHeldOut: Uint8Array;
}

/** Events are written and hashed in batches of so many. */
export const eventBatches = {
  size: 262_144,
  rows: ({ items }: InteractionEvents) => items.length,
  slice: ({ items, times, isHeldOut }: InteractionEvents, begin: number, end: number) => ({
    items: items.subarray(begin, end),
    times: times.subarray(begin, end),
    isHeldOut: isHeldOut.subarray(begin, end),
  }),
};

/** Writes events as an Arrow IPC stream, in batches. */
export const encodeInteractionEvents = (events: InteractionEvents): Uint8Array =>
  joinStreams(batchesOf(events, eventBatches).map(encodeEventBatch));

/** Writes a batch of events as a stream of its own. */
export function encodeEventBatch(events: InteractionEvents): Uint8Array {
  return encodeColumns([
    int32Column('item', events.items),
    float64Column('timestamp', events.times),
    uint8Column('held_out', events.isHeldOut),
  ]);
}

/**
 * Reads events batch by batch, as the bytes come.
 *
 * @throws ContractError naming the column and the row of its batch that do not follow the contract
 */
export async function* decodeEventBatches(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<InteractionEvents> {
  let last = Number.NEGATIVE_INFINITY;
  for await (const columns of decodeBatches(bytes, what)) {
    const events = eventsOf(columns, last);
    yield events;
    last = events.times.at(-1) ?? last;
  }
}

const what = 'the interaction events';

/** @param last time of the event before the first */
function eventsOf(columns: Columns, last: number): InteractionEvents {
  const items = columns.column('item').int32();
  const times = columns.column('timestamp').float64();
  const wrong = items.findIndex((item) => item < 1);
  if (wrong !== -1) {
    throw new ContractError(
      `${what}: row ${wrong}, column "item": ${items[wrong]} is no item index (1 and up).`,
    );
  }
  const early = times.findIndex((time, row) => !(time >= (row > 0 ? times[row - 1]! : last)));
  if (early !== -1) {
    throw new ContractError(
      `${what}: row ${early}, column "timestamp": ${times[early]} comes after ${times[early - 1] ?? last}; events must ascend.`,
    );
  }
  return { items, times, isHeldOut: columns.column('held_out').uint8() };
}

/** Puts events into the order of the contract. */
export function sortEvents({ items, times, isHeldOut }: InteractionEvents): InteractionEvents {
  // Without isHeldOut the order of equal times and items would depend on who came first.
  const order = Int32Array.from(items.keys()).sort(
    (a, b) => times[a]! - times[b]! || items[a]! - items[b]! || isHeldOut[a]! - isHeldOut[b]!,
  );
  return {
    items: Int32Array.from(order, (at) => items[at]!),
    times: Float64Array.from(order, (at) => times[at]!),
    isHeldOut: Uint8Array.from(order, (at) => isHeldOut[at]!),
  };
}
