import { PipelineError } from '#lib/contracts/errors.ts';
import { rankNetworkAbroad } from '#lib/evaluation/network-blend.ts';
import { nativeBackend } from '#lib/graph/tensorflow.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { writeManifest, writeRanks } from './artefacts.ts';
import {
  type EvaluationChannel,
  hasChannel,
  type ReadModel,
  readArrived,
  readEvaluation,
  readModel,
} from './channels.ts';
import { type Folders, reportProgress } from './contract.ts';
import { versions } from './versions.ts';

/**
 * Ranks the test cases of a run with an existing model (the champion), whose vocabulary may be another: what it does not
 * know is left out of histories, and is in its lists if serving would show it, else a target has rank 0. What arrived since
 * the last night is ranked with the files that were served (channel `serving`). Of a model that cannot be used only the
 * manifest is written, with the reason: a damaged champion must not fail every later night.
 */
export function scoreChampion(folders: Folders, run: string): void {
  const evaluation = readEvaluation(folders);
  nativeBackend();
  const scored = unlessUnusable(() => rankAll(folders, evaluation));
  if ('unusable' in scored) {
    writeManifest(folders.model, { run, task: 'score', ...scored });
    return;
  }
  writeRanks(folders.model, 'test', scored.test);
  if (scored.arrived !== undefined) writeRanks(folders.model, 'arrived', scored.arrived);
  writeManifest(folders.model, {
    run,
    task: 'score',
    dataHash: evaluation.manifest.dataHash,
    test: metricsAt(scored.test, 10),
    versions: versions(),
  });
}

interface Ranks {
  /** Validation chooses among tonight's candidates, of whom the champion is none. */
  readonly test: Int32Array;
  readonly arrived?: Int32Array;
}

function rankAll(folders: Folders, evaluation: EvaluationChannel): Ranks {
  const { itemTable, manifest, events } = evaluation;
  const rankWith = ({ judged, itemIds }: ReadModel, cases: EvaluationCases) =>
    rankNetworkAbroad(judged, { events, split: manifest.split }, cases, itemTable.itemIds, itemIds)
      .ranks;
  const judged = readModel(folders, 'model');
  const test = rankWith(judged, evaluation.test);
  reportProgress('rank', 0.5);
  const arrived = readArrived(folders);
  if (arrived === undefined) return { test };
  // What was in service when these actions arrived; without a channel of its own, the same that was judged.
  const served = hasChannel(folders, 'serving') ? readModel(folders, 'serving') : judged;
  return { test, arrived: rankWith(served, arrived) };
}

/** What is wrong with the champion's files or numbers is said, anything else is thrown. */
function unlessUnusable<Result>(compute: () => Result): Result | { readonly unusable: string } {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return { unusable: error.message };
  }
}
