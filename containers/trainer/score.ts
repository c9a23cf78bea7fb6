import { PipelineError } from '#lib/contracts/errors.ts';
import { rankNetworkAbroad } from '#lib/evaluation/network-blend.ts';
import { nativeBackend } from '#lib/graph/tensorflow.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import { type EvaluationCases, firstTime } from '#lib/sequences/evaluation-cases.ts';
import { writeManifest, writeRanks } from './artefacts.ts';
import {
  type EvaluationChannel,
  hasChannel,
  type ReadModel,
  readArrived,
  readEvaluation,
  readEvents,
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
export async function scoreChampion(folders: Folders, run: string): Promise<void> {
  const evaluation = readEvaluation(folders);
  nativeBackend();
  const scored = await rankAll(folders, evaluation);
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
  readonly arrived?: Int32Array | undefined;
}

/** Why a model cannot be used. */
interface Unusable {
  readonly unusable: string;
}

async function rankAll(
  folders: Folders,
  { itemTable, manifest, test }: EvaluationChannel,
): Promise<Ranks | Unusable> {
  const { itemIds } = itemTable;
  const { split } = manifest;
  const arrived = readArrived(folders);
  const models = unlessUnusable(() => readModels(folders, arrived !== undefined));
  if ('unusable' in models) return models;
  const rank = async ({ judged, itemIds: vocabulary }: ReadModel, cases: EvaluationCases) => {
    const { asOf = 'request', halfLives = [] } = judged.blend ?? {};
    const requests = { first: firstTime(cases), asOf, split, halfLives };
    const events = await readEvents(folders, itemIds.length, requests);
    return unlessUnusable(() =>
      rankNetworkAbroad(judged, { events, split }, cases, itemIds, vocabulary),
    );
  };
  const ofTest = await rank(models.judged, test);
  if ('unusable' in ofTest) return ofTest;
  reportProgress('rank', 0.5);
  if (arrived === undefined) return { test: ofTest };
  const ofArrived = await rank(models.served, arrived);
  return 'unusable' in ofArrived ? ofArrived : { test: ofTest, arrived: ofArrived };
}

/** The model that is judged, and what was in service when the arrived actions came: without a channel of its own the same. */
function readModels(folders: Folders, hasArrived: boolean) {
  const judged = readModel(folders, 'model');
  const isAnother = hasArrived && hasChannel(folders, 'serving');
  return { judged, served: isAnother ? readModel(folders, 'serving') : judged };
}

/** What is wrong with the champion's files or numbers is said, anything else is thrown. */
function unlessUnusable<Result extends object>(compute: () => Result): Result | Unusable {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return { unusable: error.message };
  }
}
