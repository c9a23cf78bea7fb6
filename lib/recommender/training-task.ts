import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { CheckpointState, EpochRecord } from './checkpoint.ts';
import type { TrainingRows } from './data/training-rows.ts';
import type { Network } from './network.ts';
import type { Weights } from './parameters.ts';
import type { TextVectors } from './text-table.ts';
import type { WarmStart } from './warm-start.ts';

/** What there is to train. */
export interface TrainingTask {
  readonly model: ResolvedModel;
  readonly rows: TrainingRows;
  /** Longest history in the sequences. */
  readonly window: number;
  readonly excludeHistory: boolean;
  /** Actions of one time are a basket, see config section `sequences`. */
  readonly baskets: boolean;
  readonly validation: EvaluationCases;
  /** Vectors of the items' texts, for a model that uses them. */
  readonly text?: TextVectors | undefined;
  /** What a trained model is fitted on from; undefined trains a new one. */
  readonly from?: FittedParameters | undefined;
  /** An earlier model whose weights the training begins with; they are judged before the first step. */
  readonly warm?: WarmStart | undefined;
  /** Execute operation by operation instead of as a compiled graph. */
  readonly runEagerly?: boolean;
}

/**
 * Where a further fit begins: nothing is judged any more, so it goes on for all `maximumEpochs` and keeps what it has at
 * the end.
 */
export interface FittedParameters {
  /** Of all parameters by name, the Q head's too. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** Length of the LE's states that they can see, where the rows have none. */
  readonly environmentDimension: number | undefined;
}

/** What training tells and asks; all effects are the caller's. */
export interface TrainingHooks {
  /** After every epoch, and every few seconds within one. */
  onProgress?(progress: TrainingProgress): void;
  /** Called after steps; true stops with a last checkpoint. */
  shouldStop?(): boolean;
  /** Where to go on; undefined starts afresh. */
  readonly resumeFrom?: CheckpointState | undefined;
  /** Keeps a state to resume from; called at most every `checkpointSeconds`, and when stopped. */
  saveCheckpoint?(state: CheckpointState): void;
  readonly checkpointSeconds?: number;
}

export interface TrainingProgress {
  /** 0-1 of `maximumEpochs`; training usually stops earlier. */
  readonly progress: number;
  readonly epoch: number;
  readonly loss: number;
  /** Of the last epoch that has been judged. */
  readonly validationNdcg: number | undefined;
  /** Seconds until `maximumEpochs` at the present pace. */
  readonly secondsLeft: number;
  readonly targetsPerSecond: number;
}

/** A trained recommender. */
export interface TrainedModel {
  readonly network: Network;
  /**
   * Parameters for serving, of the best epoch on validation. With texts the item tables have a row for every item of
   * the catalogue: those of the vocabulary, then `otherIds`.
   */
  readonly weights: ReadonlyMap<string, Weights>;
  /** All parameters of that epoch, the Q head's too, from which it can be fitted on. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** Items beyond the vocabulary that the weights know too. */
  readonly otherIds: readonly string[];
  readonly curve: readonly EpochRecord[];
  readonly bestEpoch: number;
  readonly steps: number;
  /** True if `shouldStop` ended it; the weights are then the best so far. */
  readonly wasStopped: boolean;
  /** Ranks any cases with the best weights. */
  rank(cases: EvaluationCases): Int32Array;
  dispose(): void;
}
