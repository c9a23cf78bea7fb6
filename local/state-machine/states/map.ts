import type { MapState } from '../definition-schema.ts';
import { readItems } from '../item-reader.ts';
import type { SelectedItem } from '../map-run.ts';
import { assertWithinLimit, type Json } from '../payload.ts';
import type { Outcome, Visit } from '../visit.ts';
import { runDistributedMap } from './distributed-map.ts';
import { runInlineMap } from './inline-map.ts';

/** Runs the item processor once for every item (or batch of items); the result is the array of outputs. */
export async function runMap(state: MapState, visit: Visit): Promise<Outcome> {
  const items = await selectItems(state, visit);
  const result =
    state.ItemProcessor.ProcessorConfig?.Mode === 'DISTRIBUTED'
      ? await runDistributedMap(state, items, visit)
      : await runInlineMap(state, items, visit);
  assertWithinLimit(result, `The result of the state '${visit.path}'`);
  return { output: await visit.complete(state, result, { result }), next: state.Next };
}

/** The items from `ItemReader`, `Items` or the input, each as `ItemSelector` shapes it. */
async function selectItems(state: MapState, visit: Visit): Promise<SelectedItem[]> {
  const values = await itemValues(state, visit);
  if (state.ItemSelector === undefined) return values.map((value) => ({ value, selected: value }));
  const items: SelectedItem[] = [];
  for (const [index, value] of values.entries()) {
    const selected = await visit.evaluate(state.ItemSelector, 'ItemSelector', {
      mapItem: { Index: index, Value: value },
    });
    items.push({ value, selected });
  }
  return items;
}

async function itemValues(state: MapState, visit: Visit): Promise<readonly Json[]> {
  if (state.ItemReader !== undefined) return await readItems(state.ItemReader, visit);
  const items =
    state.Items === undefined ? visit.input : await visit.evaluate(state.Items, 'Items');
  if (!Array.isArray(items)) throw visit.unexpected('Items', 'an array', items);
  return items;
}
