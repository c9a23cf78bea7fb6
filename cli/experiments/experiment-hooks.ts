import type { UploadReport } from '#lib/interactions/report.ts';
import type { TrainingProgress } from '#lib/recommender/training-task.ts';

/** What an experiment tells while it runs. */
export type ExperimentProgress =
  | { readonly stage: 'panel'; readonly name: string }
  | {
      readonly stage: 'read';
      readonly users: number;
      readonly items: number;
      readonly actions: number;
    }
  | ({ readonly stage: 'train'; readonly cell: string; readonly seed: number } & TrainingProgress)
  | {
      readonly stage: 'done';
      readonly cell: string;
      readonly seed: number;
      readonly ndcg10: number;
      readonly cells: number;
      readonly finished: number;
      /** Of the rest, by what the cells so far took; undefined before one was run. */
      readonly secondsLeft: number | undefined;
    }
  | { readonly stage: 'environment'; readonly name: string; readonly progress: number };

/** What may be asked of a running experiment. */
export interface ExperimentHooks {
  onProgress?(progress: ExperimentProgress): void;
  /** Gets the report that the file would get as an upload. */
  onReport?(report: UploadReport): void;
  /** True stops with a checkpoint; the same call later goes on from it. */
  shouldStop?(): boolean;
  /** The same for what runs in processes of its own. */
  readonly signal?: AbortSignal;
}
