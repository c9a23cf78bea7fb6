import type { MapState } from '../definition-schema.ts';
import type { SelectedItem } from '../map-run.ts';
import type { Json } from '../payload.ts';
import { runPool } from '../pool.ts';
import { VariableScope } from '../variables.ts';
import type { Visit } from '../visit.ts';

/** Iterations that an inline Map state runs at once at most, whatever `MaxConcurrency` says. */
const INLINE_CONCURRENCY = 40;

/** Runs the iterations within this execution; the first one that fails fails the state with its own error. */
export async function runInlineMap(
  state: MapState,
  items: readonly SelectedItem[],
  visit: Visit,
): Promise<Json> {
  const { frame } = visit;
  const asked = await visit.evaluateNumber(state.MaxConcurrency ?? 0, 'MaxConcurrency', {
    least: 0,
  });
  const concurrency = asked === 0 ? INLINE_CONCURRENCY : Math.min(asked, INLINE_CONCURRENCY);
  const outputs: Json[] = new Array(items.length).fill(null);
  let done = 0;
  visit.emit({ type: 'map-progress', done, failed: 0, total: items.length });
  await runPool(items.length, concurrency, frame.signal, async (index, signal) => {
    const item = items[index]!;
    outputs[index] = await frame.services.runStates(state.ItemProcessor, item.selected, {
      ...frame,
      signal,
      variables: new VariableScope(frame.variables),
      path: `${visit.path}[${index}]`,
      mapItem: { Index: index, Value: item.value },
    });
    done += 1;
    visit.emit({ type: 'map-progress', done, failed: 0, total: items.length });
  });
  return outputs;
}
