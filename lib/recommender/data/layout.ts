import type { ResolvedModel } from '#lib/contracts/config/training.ts';

/** What an objective asks of training. */
export interface ObjectiveNeeds {
  readonly name: ResolvedModel['objective'];
  readonly usesQHead: boolean;
  readonly usesNegatives: boolean;
  /** True if the targets look at the state after the logged action. */
  readonly usesNextState: boolean;
  /** True if the loss changes after the warm-up. */
  readonly hasWarmUp: boolean;
}

/**
 * The form of a model's batches: plain data, so that it can be handed to another thread. `places` are the states that a
 * step learns from. What the batches hold follows from it, see `columns.ts`.
 */
export interface BatchLayout {
  /**
   * `lines`: whole sequences, every position a place, next states a place later. `baskets`: the same of sequences of
   * baskets, where a place is that of the action itself and its state the one after all baskets before. `prefixes`: one
   * history per place, next states in lines of their own.
   */
  readonly kind: 'lines' | 'baskets' | 'prefixes';
  readonly lines: number;
  /** Positions of a line. */
  readonly time: number;
  /** Longest history, in items. */
  readonly window: number;
  /** `lines * time`, or `lines` for prefixes. */
  readonly places: number;
  /** Size of the vocabulary. */
  readonly items: number;
  readonly model: ResolvedModel;
  readonly objective: ObjectiveNeeds;
  /** Length of the LE state, 0 if the model does not see it. */
  readonly environmentDimension: number;
  /** Items that a sampled loss compares with, 0 for a loss over the whole catalogue. */
  readonly sampledItems: number;
}

/** True if the model learns from augmented positive actions. */
export function usesAugmented({ lea }: Pick<ResolvedModel, 'lea'>): boolean {
  return lea !== undefined && lea.augmentedWeight > 0;
}
