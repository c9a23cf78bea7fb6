import { ContractError, ValidationError } from '#lib/contracts/errors.ts';
import type { Similarity } from './similar.ts';

export interface RecommendedItem {
  readonly item_id: string;
  /** Only comparable within one list; absent where the list is popularity's. */
  readonly score?: number;
  /** What put it there; a `cold item` has no training action: what is known of it are counts, or its text. */
  readonly source: 'model' | 'popularity' | 'cold item';
}

export interface Recommendation {
  /** Best first. */
  readonly items: readonly RecommendedItem[];
  /** `model`, or `popularity` where the history had no item that the model knows. */
  readonly source: 'model' | 'popularity';
  /** Items of the history and of `only` that the model does not know, each once; they were skipped. */
  readonly unknownItems: readonly string[];
}

/** Items that resemble one, best first. */
export interface SimilarItems {
  readonly items: readonly { readonly item_id: string; readonly score: number }[];
  /** What resemblance is measured by: vectors that the network has learned, or being taken by the same people. */
  readonly source: Similarity['source'];
}

/** Which items may be in a list. */
export interface Wanted {
  /** Item ids that are not to be in the list. */
  readonly exclude?: readonly string[] | undefined;
  /** Item ids of which the list is made; undefined for all. */
  readonly only?: readonly string[] | undefined;
}

/** Whom to recommend to, and what. */
export interface Asked extends Wanted {
  /** Item ids, oldest first; those beyond the model's window tell it nothing. */
  readonly history: readonly string[];
  /** Items taken before those: left out like them where lists leave the history out. */
  readonly earlier?: readonly string[];
  /** Whether the list leaves the history out; by default as the model was trained. */
  readonly excludeSeen?: boolean | undefined;
  /** Whether items may be in the list that have left the catalogue. @default false */
  readonly showLeft?: boolean | undefined;
  /**
   * When the list is shown, Unix seconds: how long the last action is ago. (Counts are as of the newest action.)
   * @default now
   */
  readonly time?: number | undefined;
  /** When the last action of the history was, Unix seconds; undefined if nobody knows. */
  readonly lastActionTime?: number | undefined;
  /** When each action of the history was, Unix seconds, ascending; undefined if nobody knows. */
  readonly historyTimes?: readonly number[] | undefined;
}

/** @throws ValidationError if there are times, but not one for each action in order */
export function expectTimes(
  history: readonly string[],
  times: readonly number[] | undefined,
): void {
  if (times === undefined) return;
  if (times.length !== history.length) {
    throw new ValidationError(
      `The history has ${history.length} items, but ${times.length} times: give one for each, or none.`,
    );
  }
  const early = times.findIndex((time, place) => place > 0 && time < times[place - 1]!);
  if (early === -1) return;
  throw new ValidationError(
    `Action ${early + 1} of the history is older than the one before it (${times[early]} after ${times[early - 1]}): give the oldest first.`,
  );
}

/**
 * Not even one score: where one is no number, the others are not what was trained either.
 *
 * @param first item of the scores
 * @throws ContractError if one is not a finite number
 */
export function expectFinite(scores: ArrayLike<number>, first = 1): void {
  for (let at = 0; at < scores.length; at++) {
    if (Number.isFinite(scores[at])) continue;
    throw new ContractError(
      `The model gives item ${first + at} the score ${scores[at]}: its weights are damaged or its training diverged. Roll back to an earlier champion.`,
    );
  }
}
