import * as z from 'zod';
import { type RunEvent, runEventTypes, statusEventSource } from '#lib/contracts/status-event.ts';
import type { JsonService } from '#platform/json-service.ts';

/** Puts an event of a run on the pipeline's bus. */
export function announce(events: JsonService, bus: string, event: RunEvent): Promise<unknown> {
  return events.call(
    'PutEvents',
    {
      Entries: [
        {
          EventBusName: bus,
          Source: statusEventSource,
          DetailType: runEventTypes[event.status],
          Detail: JSON.stringify(event),
        },
      ],
    },
    z.looseObject({ FailedEntryCount: z.literal(0) }),
  );
}
