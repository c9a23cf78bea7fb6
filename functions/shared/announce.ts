import * as z from 'zod';
import { statusEventSource } from '#lib/contracts/status-event.ts';
import type { JsonService } from '#platform/json-service.ts';

/**
 * Puts an event on the pipeline's bus.
 *
 * @param type its `detail-type`
 * @throws PipelineError when the bus does not take it
 */
export function announce(
  events: JsonService,
  bus: string,
  type: string,
  detail: object,
): Promise<unknown> {
  return events.call(
    'PutEvents',
    {
      Entries: [
        {
          EventBusName: bus,
          Source: statusEventSource,
          DetailType: type,
          Detail: JSON.stringify(detail),
        },
      ],
    },
    z.looseObject({ FailedEntryCount: z.literal(0) }),
  );
}
