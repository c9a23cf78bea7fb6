import * as z from 'zod';
import { variantName } from '#lib/contracts/impression.ts';

/*
 * What is answered: one schema for the function and its OpenAPI document.
 */

const itemId = z.string();
const title = z.string().describe("The item's id where no catalogue says more.");

const common = {
  requestId: z
    .string()
    .describe(
      'Names this answer; in uploaded logs `recommendation_id` says what was taken after it.',
    ),
  champion: z
    .strictObject({ run: z.string(), name: z.string() })
    .describe('The model that answered, and the run that made it.'),
  variant: variantName.describe(
    'Which of two models that are compared answered; `champion` while nothing is compared.',
  ),
};

const madeOf = {
  source: z
    .enum(['model', 'popularity'])
    .describe('`popularity` where the model knows no item of the history.'),
  unknownItems: z
    .array(itemId)
    .describe(
      'Items of the request that the model does not know, the first 100; they were skipped.',
    ),
  unknownItemCount: z.int().min(0).describe('How many these are in all.'),
};

const score = z
  .number()
  .optional()
  .describe("Only comparable within one list; absent where the list is popularity's.");

/** An item of a list, whoever put it there. */
const listed = z.strictObject({ item_id: itemId, title, score });

const sources = ['model', 'popularity', 'cold item'] as const;

export const recommendAnswer = z.strictObject({
  ...common,
  items: z
    .array(
      listed.extend({
        source: z
          .enum(sources)
          .describe('What put it there; a `cold item` has no training action.'),
      }),
    )
    .describe('Best first; fewer than were asked for if there are not as many.'),
  ...madeOf,
});

export const similarAnswer = z.strictObject({
  ...common,
  item: z.strictObject({ item_id: itemId, title }),
  items: z.array(z.strictObject({ item_id: itemId, title, score: z.number() })),
  source: z
    .enum(['embedding', 'co-occurrence'])
    .describe(
      'What resemblance is measured by: cosines of vectors that the network has learned, or being taken by the same people.',
    ),
});

export const rerankAnswer = z.strictObject({
  ...common,
  items: z
    .array(
      listed.extend({
        source: z
          .enum([...sources, 'unknown'])
          .describe('`unknown` items come last, in the order in which they were given.'),
      }),
    )
    .describe('All items of the request, each once, best first.'),
  ...madeOf,
});

export type RecommendAnswer = z.infer<typeof recommendAnswer>;
export type SimilarAnswer = z.infer<typeof similarAnswer>;
export type RerankAnswer = z.infer<typeof rerankAnswer>;
