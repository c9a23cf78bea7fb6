import { createHash } from 'node:crypto';
import { refitModel } from '#lib/recommender/refit.ts';
import { alignVectors } from '#lib/recommender/text-table.ts';
import { writeManifest, writeModel } from './artefacts.ts';
import {
  readAllActions,
  readModel,
  readParameters,
  readVectors,
  readVocabulary,
} from './channels.ts';
import { type Folders, reportProgress } from './contract.ts';
import { fitHooks } from './fit-hooks.ts';
import { refitBeside } from './refit-beside.ts';
import { savedOnSigterm } from './sigterm.ts';
import type { TrainJob } from './train.ts';
import { versions } from './versions.ts';

/**
 * Fits a judged model (channel `model`) on all actions (channel `all-actions`) from its best weights, and writes it to
 * `model/` as it is served. What it is joined with stays weighed as the validation cases chose; rules and neighbours are counted again.
 *
 * @param shouldStop asked between steps; true saves a checkpoint and ends without a model
 * @param report told how far each stage is
 * @returns false if it was stopped
 */
export async function refit(
  folders: Folders,
  { run, model, recipe }: TrainJob,
  shouldStop: () => boolean,
  report: typeof reportProgress = reportProgress,
): Promise<boolean> {
  const begun = performance.now();
  report('read', 0);
  const { itemTable, manifest } = readVocabulary(folders);
  const { judged, itemIds } = readModel(folders);
  const { parameters, ...course } = readParameters(folders, manifest);
  const shards = readAllActions(folders, manifest);
  const text =
    model.text === undefined ? undefined : alignVectors(readVectors(folders), itemTable.itemIds);
  report('read', 1, { items: itemTable.itemIds.length });

  const fingerprint = fingerprintOf([model, manifest.dataHash, course], parameters, text?.known);
  const hooks = fitHooks(
    { stage: 'refit', checkpoints: folders.checkpoints, fingerprint },
    shouldStop,
    report,
  );
  const { window, excludeHistory, baskets } = manifest;
  const items = itemTable.itemIds.length;
  using beside = refitBeside(folders, judged, manifest);
  const fitted = await savedOnSigterm(() =>
    refitModel(
      { model, parameters, course, shards, items, window, excludeHistory, baskets, text },
      hooks,
    ),
  );
  try {
    if (fitted.wasStopped || shouldStop()) return false;
    const network = { ...judged.network, weights: fitted.weights };
    const served = { ...judged, network, histories: await beside.histories };
    writeModel(folders.model, served, itemIds);
    writeManifest(folders.model, {
      run,
      task: 'refit',
      name: model.name,
      recipe,
      dataHash: manifest.dataHash,
      passes: model.refitPasses,
      learningRate: model.learningRate * model.refitLearningRate,
      steps: fitted.steps,
      loss: fitted.curve.at(-1)?.loss,
      seconds: Number(((performance.now() - begun) / 1000).toFixed(1)),
      versions: versions(),
    });
    report('refit', 1, { passes: model.refitPasses });
    return true;
  } finally {
    fitted.dispose();
  }
}

/** What a checkpoint must have been made from to be gone on with. */
function fingerprintOf(
  settings: unknown,
  parameters: ReadonlyMap<string, Float32Array>,
  vectors: Float32Array | undefined,
): string {
  const hash = createHash('sha256').update(JSON.stringify(['refit', settings]));
  for (const values of [...parameters.values(), ...(vectors === undefined ? [] : [vectors])]) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
