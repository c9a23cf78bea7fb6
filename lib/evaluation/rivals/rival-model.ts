import type { Scale } from './evidence.ts';
import type { HistoryScorer } from './history-scorer.ts';

/** A rival as it is served (docs/contracts.md, 6): components of a history and decayed counts, with their weights. */
export interface RivalModel {
  readonly name: string;
  readonly excludeHistory: boolean;
  /** Longest history that is looked at, in items. */
  readonly window: number;
  readonly components: readonly {
    readonly scorer: HistoryScorer;
    readonly scale: Scale;
    readonly weight: number;
  }[];
  readonly counts: {
    readonly epsilon: number;
    /** Half-lives in seconds, `Infinity` for all time. */
    readonly terms: readonly { readonly halfLife: number; readonly weight: number }[];
  };
  /** What the weights follow; none where they are always the same. */
  readonly moderators: readonly {
    readonly kind: 'absence' | 'recency';
    /** Place in `counts.terms` of the half-life that says what is popular now. */
    readonly term: number;
    /** Added to the weights of the components, then of the terms, times the moderator's value. */
    readonly weights: readonly number[];
  }[];
  /** How often each item was taken in training, item `i` at place `i - 1`. */
  readonly trainingCounts: Int32Array;
}
