import { PipelineError } from '#lib/contracts/errors.ts';
import { rankNetwork } from '#lib/evaluation/network-blend.ts';
import { nativeBackend } from '#lib/graph/tensorflow.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import { translateCases, translateEvents } from '#lib/recommender/translate-cases.ts';
import { writeManifest, writeRanks } from './artefacts.ts';
import { type EvaluationChannel, readEvaluation, readModel } from './channels.ts';
import { type Folders, reportProgress } from './contract.ts';
import { versions } from './versions.ts';

/**
 * Ranks the cases of a run with an existing model (the champion), whose vocabulary may be another: what it does not
 * know is left out of histories, and a target that it does not know has rank 0. Of a model that cannot be used only the
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
  const metrics = splits.map((split) => [split, metricsAt(scored[split], 10)] as const);
  for (const split of splits) writeRanks(folders.model, split, scored[split]);
  writeManifest(folders.model, {
    run,
    task: 'score',
    dataHash: evaluation.manifest.dataHash,
    ...Object.fromEntries(metrics),
    versions: versions(),
  });
}

const splits = ['validation', 'test'] as const;

type Ranks = Readonly<Record<(typeof splits)[number], Int32Array>>;

function rankAll(folders: Folders, evaluation: EvaluationChannel): Ranks {
  const { judged, itemIds } = readModel(folders);
  const { itemTable, manifest } = evaluation;
  const events = translateEvents(evaluation.events, itemTable.itemIds, itemIds);
  const [validation, test] = splits.map((split, place) => {
    const cases = translateCases(evaluation[split], itemTable.itemIds, itemIds);
    const { ranks } = rankNetwork(judged, { events, split: manifest.split }, cases);
    reportProgress('rank', (place + 1) / splits.length);
    return ranks;
  });
  return { validation: validation!, test: test! };
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
