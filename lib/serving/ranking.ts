import type { Prior } from './prior.ts';
import type { KnownHistory } from './scorers.ts';

/** Whom to rank items for, and which. */
export interface RankingRequest {
  /** At least one known item. */
  readonly history: KnownHistory;
  /** Of the components, then of the counts' terms. */
  readonly weights: readonly number[];
  /** Whether an item may be in the list. */
  readonly isAllowed: (item: number) => boolean;
  /** Item indices to choose from, each once; undefined for all. */
  readonly only: readonly number[] | undefined;
}

/** The best items, and their scores, best first; of equal scores the smaller index. */
export interface RankedItems {
  readonly items: Int32Array;
  readonly scores: Float64Array;
}

/** Ranks the items of the vocabulary and those that only the counts know, whose indices follow. */
export interface Ranking {
  /** Takes in what has been counted. */
  setPrior(prior: Prior): void;
  /**
   * @param count how many items a list has, at most
   * @throws ContractError if a score is not a finite number
   */
  rank(requests: readonly RankingRequest[], count: number): RankedItems[];
  /** Frees the backend's memory. */
  dispose(): void;
}
