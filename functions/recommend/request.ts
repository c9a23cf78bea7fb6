import * as z from 'zod';
import { explain } from '#lib/contracts/config.ts';
import { ValidationError } from '#lib/contracts/errors.ts';

/** What is asked: the items after a history. */
export const recommendRequest = z.strictObject({
  /** Item ids, oldest first; may be empty. Only the model's window of the last ones matters. */
  history: z
    .array(
      z.union(
        [z.string().min(1).max(256), z.int().transform(String)],
        'an item id: text of 1 to 256 characters, or a whole number that JSON keeps exactly (send others as text)',
      ),
    )
    .max(10_000),
  /** Length of the list. */
  count: z.int().min(1).max(1000).default(20),
  context: z
    .strictObject({
      /** When the list is shown, Unix seconds; now, if nothing is said. */
      time: z.number().min(0).optional(),
      /** When the last action of the history was, Unix seconds. */
      lastActionTime: z.number().min(0).optional(),
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
