import type { TrainingHooks } from '#lib/recommender/training-task.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoints.ts';
import type { reportProgress } from './contract.ts';

/** A fit that can be interrupted. */
export interface Fit {
  /** As which its progress is reported. */
  readonly stage: string;
  /** Folder of its checkpoints. */
  readonly checkpoints: string;
  /** What a checkpoint must have been made from to be gone on with. */
  readonly fingerprint: string;
}

/** How a fit goes on from its last checkpoint, keeps new ones, is stopped, and tells how far it is. */
export function fitHooks(
  { stage, checkpoints, fingerprint }: Fit,
  shouldStop: () => boolean,
  report: typeof reportProgress,
): TrainingHooks {
  return {
    resumeFrom: loadCheckpoint(checkpoints, fingerprint, (file, error) => {
      process.stderr.write(`Checkpoint ${file} is left out: ${error.message}\n`);
    }),
    shouldStop,
    saveCheckpoint: (state) => saveCheckpoint(checkpoints, state, fingerprint),
    onProgress: (progress) =>
      report(stage, progress.progress, {
        epoch: progress.epoch,
        loss: progress.loss,
        'validation_ndcg@10': progress.validationNdcg,
        targets_per_second: Math.round(progress.targetsPerSecond),
        eta_seconds: Math.round(progress.secondsLeft),
      }),
  };
}
