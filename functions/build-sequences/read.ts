import { type IngestedObject, readRows } from '#functions/shared/ingested-rows.ts';
import type { InteractionPart } from '#lib/sequences/interaction-log.ts';
import type { Objects } from '#platform/objects.ts';

/** The ingested interactions of a snapshot, block by block. */
export async function* readInteractions(
  objects: Objects,
  inputs: readonly IngestedObject[],
): AsyncGenerator<InteractionPart> {
  for (const input of inputs) {
    for await (const rows of readRows(objects, input)) yield { key: input.key, rows };
  }
}
