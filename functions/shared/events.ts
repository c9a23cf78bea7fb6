import { runs } from '#lib/contracts/keys.ts';
import type { CountedEvents } from '#lib/popularity/as-of.ts';
import { type CountedFor, EventsFrom } from '#lib/popularity/counted-events.ts';
import { decodeEventBatches } from '#lib/sequences/interaction-events.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Everybody's actions of a run, read as they come: what lies before the first request is only counted.
 *
 * @param items size of the run's vocabulary
 */
export async function readEvents(
  objects: Objects,
  run: string,
  items: number,
  requests: CountedFor,
): Promise<CountedEvents> {
  const events = new EventsFrom(items, requests);
  const bytes = await objects.getStream(runs.events(run));
  for await (const batch of decodeEventBatches(bytes)) events.add(batch);
  return events.end();
}
