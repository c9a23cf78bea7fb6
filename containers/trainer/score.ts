import { PipelineError } from '#lib/contracts/errors.ts';
import { nativeBackend } from '#lib/graph/tensorflow.ts';
import { createRanker } from '#lib/recommender/model-ranker.ts';
import { longestHistory, metricsAt, rankCases } from '#lib/recommender/ranking.ts';
import { loadModel } from '#lib/recommender/score.ts';
import { translateCases } from '#lib/recommender/translate-cases.ts';
import { writeManifest, writeRanks } from './artefacts.ts';
import { readEvaluation, readModel } from './channels.ts';
import { type Folders, reportProgress } from './contract.ts';
import { versions } from './versions.ts';

/**
 * Ranks the cases of a run with an existing model (the champion), whose vocabulary may be another: what it does not
 * know is left out of histories, and a target that it does not know has rank 0. Of a model that cannot be used only the
 * manifest is written, with the reason: a damaged champion must not fail every later night.
 */
export function scoreChampion(folders: Folders, run: string): void {
  const { itemTable, manifest, validation, test } = readEvaluation(folders);
  nativeBackend();
  const champion = readUsable(folders);
  if ('unusable' in champion) {
    writeManifest(folders.model, { run, task: 'score', ...champion });
    return;
  }
  const { model, itemIds, loaded } = champion;
  try {
    const metrics: Record<string, unknown> = {};
    for (const [split, cases] of Object.entries({ validation, test })) {
      const own = translateCases(cases, itemTable.itemIds, itemIds);
      const ranker = createRanker(loaded, model.excludeHistory ? longestHistory(own) : 0);
      const ranks = rankCases(ranker, own);
      writeRanks(folders.model, split as 'validation' | 'test', ranks);
      metrics[split] = metricsAt(ranks, 10);
      reportProgress('rank', split === 'validation' ? 0.5 : 1);
    }
    writeManifest(folders.model, {
      run,
      task: 'score',
      dataHash: manifest.dataHash,
      ...metrics,
      versions: versions(),
    });
  } finally {
    loaded.dispose();
  }
}

function readUsable(folders: Folders) {
  try {
    const { model, itemIds } = readModel(folders);
    return { model, itemIds, loaded: loadModel(model) };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return { unusable: error.message };
  }
}
