import type { ItemBatcher } from './definition-schema.ts';
import { StateError } from './errors.ts';
import type { SelectedItem } from './map-run.ts';
import { type Json, jsonBytes, PAYLOAD_LIMIT } from './payload.ts';
import type { Visit } from './visit.ts';

/** What one child execution of a distributed Map state gets. */
export interface ChildInput {
  readonly input: Json;
  /** Items in the input, for counting tolerated failures. */
  readonly itemCount: number;
}

/** Limits of a batch; undefined for none. */
export interface BatchLimits {
  readonly maxItems?: number | undefined;
  /** Most bytes of the whole input `{Items, BatchInput?}`. */
  readonly maxBytes?: number | undefined;
}

/** The inputs of the child executions: `{Items, BatchInput?}` with an item batcher, else the items themselves. */
export async function batchItems(
  batcher: ItemBatcher | undefined,
  items: readonly SelectedItem[],
  visit: Visit,
): Promise<ChildInput[]> {
  if (batcher === undefined) return items.map((item) => ({ input: item.selected, itemCount: 1 }));
  const { MaxItemsPerBatch: maxItems, MaxInputBytesPerBatch: maxBytes } = batcher;
  const limits = {
    maxItems:
      maxItems === undefined
        ? undefined
        : await visit.evaluateNumber(maxItems, 'ItemBatcher.MaxItemsPerBatch', { least: 1 }),
    maxBytes:
      maxBytes === undefined
        ? undefined
        : await visit.evaluateNumber(maxBytes, 'ItemBatcher.MaxInputBytesPerBatch', {
            least: 1,
            most: PAYLOAD_LIMIT,
          }),
  };
  const batchInput =
    batcher.BatchInput === undefined
      ? undefined
      : await visit.evaluate(batcher.BatchInput, 'ItemBatcher.BatchInput');
  return fillBatches(
    items.map((item) => item.selected),
    limits,
    batchInput,
  ).map((batch) => ({
    input: batchInput === undefined ? { Items: batch } : { BatchInput: batchInput, Items: batch },
    itemCount: batch.length,
  }));
}

/**
 * Cuts items into batches in their order, each as large as the limits (and the 256 KiB of any input) allow.
 *
 * @throws StateError `States.DataLimitExceeded` for an item that is too large for a batch of its own
 */
export function fillBatches(
  items: readonly Json[],
  limits: BatchLimits,
  batchInput?: Json,
): Json[][] {
  const maxItems = limits.maxItems ?? Number.POSITIVE_INFINITY;
  const maxBytes = Math.min(limits.maxBytes ?? PAYLOAD_LIMIT, PAYLOAD_LIMIT);
  const emptyBytes = jsonBytes(
    batchInput === undefined ? { Items: [] } : { BatchInput: batchInput, Items: [] },
  );
  const batches: Json[][] = [];
  let batch: Json[] = [];
  let batchBytes = emptyBytes;
  for (const [index, item] of items.entries()) {
    const itemBytes = jsonBytes(item);
    if (emptyBytes + itemBytes > maxBytes) {
      throw new StateError(
        'States.DataLimitExceeded',
        `Item ${index} has ${itemBytes} bytes; a batch of it alone would have ${emptyBytes + itemBytes}, ` +
          `more than the ${maxBytes} allowed.`,
      );
    }
    const separatorBytes = batch.length === 0 ? 0 : 1;
    if (batch.length === maxItems || batchBytes + separatorBytes + itemBytes > maxBytes) {
      batches.push(batch);
      batch = [];
      batchBytes = emptyBytes;
    }
    batchBytes += (batch.length === 0 ? 0 : 1) + itemBytes;
    batch.push(item);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
