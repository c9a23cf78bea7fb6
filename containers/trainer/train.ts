import { createHash } from 'node:crypto';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import type { RecommenderModel } from '#lib/recommender/model-file.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { writeLearningCurve, writeManifest, writeModel, writeRanks } from './artefacts.ts';
import { readEvaluation, readParts } from './channels.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoints.ts';
import { type Folders, reportProgress } from './contract.ts';
import { versions } from './versions.ts';

/** One training job. */
export interface TrainJob {
  readonly run: string;
  readonly model: ResolvedModel;
}

/**
 * Trains one recommender from the input channels and writes it to `model/`.
 *
 * @param shouldStop asked between steps; true saves a checkpoint and ends without a model
 * @param report told how far each stage is
 * @returns false if it was stopped
 */
export async function train(
  folders: Folders,
  { run, model }: TrainJob,
  shouldStop: () => boolean,
  report: typeof reportProgress = reportProgress,
): Promise<boolean> {
  const begun = performance.now();
  report('read', 0);
  const { itemTable, manifest, validation, test } = readEvaluation(folders);
  const parts = readParts(folders, manifest, model.lea !== undefined);
  const rows = await collectRows(parts, model.lea, itemTable.counts);
  report('read', 1, { rows: rows.rows, items: itemTable.itemIds.length });

  const fingerprint = fingerprintOf(model, manifest, rows.environment?.states);
  const resumeFrom = loadCheckpoint(folders.checkpoints, fingerprint, (file, error) => {
    process.stderr.write(`Checkpoint ${file} is left out: ${error.message}\n`);
  });
  if (resumeFrom !== undefined) {
    report('train', resumeFrom.epoch / model.maximumEpochs, { resumed: resumeFrom.step });
  }
  const trained = await trainModel(
    {
      model,
      rows,
      window: manifest.window,
      excludeHistory: manifest.excludeHistory,
      validation,
    },
    {
      resumeFrom,
      shouldStop,
      saveCheckpoint: (state) => saveCheckpoint(folders.checkpoints, state, fingerprint),
      onProgress: (progress) =>
        report('train', progress.progress, {
          epoch: progress.epoch,
          loss: progress.loss,
          'validation_ndcg@10': progress.validationNdcg,
          targets_per_second: Math.round(progress.targetsPerSecond),
          eta_seconds: Math.round(progress.secondsLeft),
        }),
    },
  );
  try {
    if (trained.wasStopped) return false;
    const recommender: RecommenderModel = {
      backbone: model.backbone,
      shape: trained.network.shape,
      excludeHistory: manifest.excludeHistory,
      weights: trained.weights,
    };
    writeModel(folders.model, recommender, itemTable.itemIds);
    writeLearningCurve(folders.model, model.name, trained.curve, trained.bestEpoch);
    report('rank', 0);
    const ranks = { validation: trained.rank(validation), test: trained.rank(test) };
    writeRanks(folders.model, 'validation', ranks.validation);
    writeRanks(folders.model, 'test', ranks.test);
    const seconds = (performance.now() - begun) / 1000;
    writeManifest(folders.model, {
      run,
      name: model.name,
      backbone: model.backbone,
      objective: model.objective,
      settings: model,
      seed: model.seed,
      dataHash: manifest.dataHash,
      epochs: trained.curve.length,
      bestEpoch: trained.bestEpoch,
      steps: trained.steps,
      seconds: Number(seconds.toFixed(1)),
      validation: metricsAt(ranks.validation, 10),
      test: metricsAt(ranks.test, 10),
      versions: versions(),
    });
    report('rank', 1, {
      'validation_ndcg@10': metricsAt(ranks.validation, 10).ndcg,
      best_epoch: trained.bestEpoch,
      seconds,
    });
    return true;
  } finally {
    trained.dispose();
  }
}

/** What a checkpoint must have been made from to be gone on with. */
function fingerprintOf(
  model: ResolvedModel,
  { dataHash, excludeHistory }: SequencesManifest,
  states: Uint16Array | undefined,
): string {
  const hash = createHash('sha256').update(JSON.stringify([model, dataHash, excludeHistory]));
  if (states !== undefined) {
    hash.update(new Uint8Array(states.buffer, states.byteOffset, states.byteLength));
  }
  return hash.digest('hex');
}
