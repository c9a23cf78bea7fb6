import { type Impression, itemsKept } from '#lib/contracts/impression.ts';
import type { RecommendAnswer, RerankAnswer, SimilarAnswer } from './response.ts';
import type { Assignment } from './variants.ts';

/** What is kept of an answer. */
export interface Answered {
  readonly operation: Impression['operation'];
  readonly userId: string | undefined;
  readonly answer: RecommendAnswer | SimilarAnswer | RerankAnswer;
  readonly assigned: Assignment;
}

/** The impression of an answer. @param time when it was given, Unix milliseconds */
export function impressionOf(
  { operation, userId, answer, assigned }: Answered,
  time: number,
): Impression {
  const items: readonly { readonly item_id: string; readonly score?: number | undefined }[] =
    answer.items;
  const kept = items.slice(0, itemsKept);
  return {
    recommendation_id: answer.requestId,
    time: time / 1000,
    operation,
    user_id: userId ?? null,
    ...assigned,
    model: answer.champion,
    source: answer.source,
    items: kept.map(({ item_id }) => item_id),
    scores: kept.map(({ score }) => score ?? null),
    count: items.length,
  };
}
