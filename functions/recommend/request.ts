import * as z from 'zod';
import { LONGEST_ID } from '#lib/contracts/config/interactions.ts';
import { explain } from '#lib/contracts/config.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { readId } from '#lib/interactions/ids.ts';

/** An item id by the rule of ingestion; a number that has lost digits on its way is refused. */
const itemId = z
  .union([z.string(), z.number()], 'an item id: text or a number')
  .transform((value, context) => {
    const id = readId('the item id', value, LONGEST_ID);
    if (typeof id === 'string') return id;
    context.issues.push({ code: 'custom', message: id.detail, input: value });
    return z.NEVER;
  });

/** What is asked: the items after a history. */
export const recommendRequest = z.strictObject({
  /** Item ids, oldest first; may be empty. Only the model's window of the last ones matters. */
  history: z.array(itemId).max(10_000),
  /** Length of the list. */
  count: z.int().min(1).max(1000).default(20),
  context: z
    .strictObject({
      /** When the list is shown, Unix seconds; now, if nothing is said. */
      time: z.number().min(0).optional(),
      /** When the last action of the history was, Unix seconds. */
      lastActionTime: z.number().min(0).optional(),
      /** When each action of the history was, Unix seconds, ascending; the last one is then `lastActionTime`. */
      historyTimes: z.array(z.number().min(0)).max(10_000).optional(),
    })
    .optional(),
});

export type RecommendRequest = z.output<typeof recommendRequest>;

/** @throws ValidationError that names each wrong key */
export function parseRequest(value: unknown): RecommendRequest {
  const result = recommendRequest.safeParse(value);
  if (result.success) return result.data;
  throw new ValidationError(
    `The request is wrong; expected {"history": ["item", ...], "count": 20}:\n${explain(result.error)}`,
  );
}
