import * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { longestId } from '#lib/contracts/limits.ts';
import { readId } from '#lib/interactions/ids.ts';

/*
 * What can be asked for: one schema for the function, its OpenAPI document (openapi.ts) and the command line.
 */

/** Ids that one list of a request may have. */
const mostIds = 10_000;

/** An id by the rule of ingestion; a number that has lost digits on its way is refused. */
const idOf = (name: string) =>
  z.union([z.string(), z.number()], `${name}: text or a number`).transform((value, context) => {
    const id = readId(name, value, longestId);
    if (typeof id === 'string') return id;
    context.issues.push({ code: 'custom', message: id.detail, input: value });
    return z.NEVER;
  });

const itemId = idOf('the item id');
const itemIds = z.array(itemId).max(mostIds);
const seconds = z.number().min(0);
const filterValues = z.union([z.string(), z.number(), z.boolean()]);

/** Whom a list is for: a user of the logs, or somebody with this history. */
const asker = {
  user_id: idOf('the user id')
    .optional()
    .describe('A user of the uploaded logs, as of the newest night. Either this or `history`.'),
  history: itemIds
    .optional()
    .describe(
      "Item ids, oldest first; may be empty. Only the model's window of the last ones matters. Either this or `user_id`.",
    ),
};

const context = z
  .strictObject({
    time: seconds.optional().describe('When the list is shown, Unix seconds; by default now.'),
    lastActionTime: seconds
      .optional()
      .describe('When the last action of the history was, Unix seconds.'),
    historyTimes: z
      .array(seconds)
      .max(mostIds)
      .optional()
      .describe('When each action of the history was, Unix seconds, ascending.'),
  })
  .optional();

/** Which items may be in a list. */
const filters = {
  exclude: itemIds.optional().describe('Item ids that are not to be in the list.'),
  only: itemIds.optional().describe('Item ids of which the list is to be made.'),
  where: z
    .record(z.string(), z.union([filterValues, z.array(filterValues).min(1).max(100)]))
    .optional()
    .describe(
      'Values of catalogue fields that items must have: of one field any of them, in every field. Compared with the whole text and with the parts between `|`, `;` and `,`, whatever their case.',
    ),
};

const count = z.int().min(1).max(1000).default(20).describe('Length of the list.');

/** Items for somebody. */
export const recommendRequest = z
  .strictObject({
    ...asker,
    count,
    ...filters,
    exclude_seen: z
      .boolean()
      .optional()
      .describe(
        'Whether the list leaves out what the user has taken; by default as the model was trained (`sequences.excludeHistory`).',
      ),
    context,
  })
  .superRefine(expectAsker);

/** Items that resemble one. */
export const similarRequest = z.strictObject({ item_id: itemId, count, ...filters });

/** Given items in the order in which somebody would like them. */
export const rerankRequest = z
  .strictObject({
    ...asker,
    items: z.array(itemId).min(1).max(mostIds).describe('Item ids to put in order.'),
    context,
  })
  .superRefine(expectAsker);

export type RecommendRequest = z.output<typeof recommendRequest>;
export type SimilarRequest = z.output<typeof similarRequest>;
export type RerankRequest = z.output<typeof rerankRequest>;

/** Exactly one of the two says whom a list is for, and times belong to a history. */
function expectAsker(
  request: {
    readonly user_id?: string | undefined;
    readonly history?: readonly string[] | undefined;
    readonly context?: z.output<typeof context>;
  },
  check: z.RefinementCtx,
): void {
  const { user_id, history, context } = request;
  const refuse = (path: string[], message: string) =>
    check.addIssue({ code: 'custom', path, message });
  if (user_id === undefined && history === undefined) {
    refuse([], 'whom it is for is missing: give `user_id` or `history` (which may be empty)');
  }
  if (user_id === undefined) return;
  if (history !== undefined) refuse(['history'], 'either this or `user_id`, not both');
  for (const name of ['lastActionTime', 'historyTimes'] as const) {
    if (context?.[name] !== undefined) {
      refuse(['context', name], 'belongs to `history`; those of a `user_id` are known');
    }
  }
}

/** An example for each kind of request, for messages. */
const examples = new Map<z.ZodType, string>([
  [recommendRequest, '{"user_id": "17", "count": 20} or {"history": ["item", ...]}'],
  [similarRequest, '{"item_id": "item", "count": 20}'],
  [rerankRequest, '{"user_id": "17", "items": ["item", ...]}'],
]);

/** @throws ValidationError that names each wrong key, with the known one that it resembles */
export function parseRequest<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ValidationError(
    `The request is wrong; expected ${examples.get(schema)}:\n${explain(result.error, schema)}`,
  );
}
