import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { TrainedParameters } from '#lib/recommender/parameters-file.ts';
import { refitModel } from '#lib/recommender/refit.ts';
import type { TextVectors } from '#lib/recommender/text-table.ts';
import type { TrainedModel } from '#lib/recommender/training-task.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { hasChannel, readAllActions } from './channels.ts';
import type { Folders, reportProgress } from './contract.ts';
import { fitHooks } from './fit-hooks.ts';
import { savedOnSigterm } from './sigterm.ts';

/** A model whose best epoch is known. */
export interface FitBeforeTest {
  readonly folders: Folders;
  readonly manifest: SequencesManifest;
  readonly model: ResolvedModel;
  readonly trained: TrainedModel;
  readonly text: TextVectors | undefined;
  /** Size of the vocabulary. */
  readonly items: number;
  /** What the training was made from. */
  readonly fingerprint: string;
}

/**
 * Fits a trained model on all that is known before the test cases (channel `before-test`), as the winner is fitted on
 * everything before it is served.
 *
 * @returns its weights; undefined if the channel is not there and the model answers test cases as it was trained
 */
export async function fitBeforeTest(
  { folders, manifest, model, trained, text, items, fingerprint }: FitBeforeTest,
  shouldStop: () => boolean,
  report: typeof reportProgress,
): Promise<TrainedModel['weights'] | 'stopped' | undefined> {
  if (!hasChannel(folders, 'before-test')) return undefined;
  // In a folder of its own, so that a job that is interrupted here need not train again.
  const checkpoints = join(folders.checkpoints, 'before-test');
  const own = createHash('sha256').update(`before-test ${fingerprint}`).digest('hex');
  const hooks = fitHooks(
    { stage: 'before-test', checkpoints, fingerprint: own },
    shouldStop,
    report,
  );
  const { parameters, bestEpoch, steps }: Omit<TrainedParameters, 'epochs'> = trained;
  const { window, excludeHistory, baskets } = manifest;
  const fitted = await savedOnSigterm(() =>
    refitModel(
      {
        model,
        parameters,
        course: { epochs: trained.curve.length, bestEpoch, steps },
        shards: readAllActions(folders, manifest, 'before-test'),
        ...{ items, window, excludeHistory, baskets, text },
      },
      hooks,
    ),
  );
  try {
    return fitted.wasStopped ? 'stopped' : fitted.weights;
  } finally {
    fitted.dispose();
  }
}
