import { createHash } from 'node:crypto';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import { type BlendedNetwork, inSeconds, judgeNetwork } from '#lib/evaluation/network-blend.ts';
import { historiesOf, networkHistories } from '#lib/evaluation/network-histories.ts';
import type { CountedEvents } from '#lib/popularity/as-of.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import type { RecommenderModel } from '#lib/recommender/model-file.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import { alignVectors } from '#lib/recommender/text-table.ts';
import { trainModel } from '#lib/recommender/trainer.ts';
import { firstTime } from '#lib/sequences/evaluation-cases.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import {
  writeLearningCurve,
  writeLists,
  writeManifest,
  writeModel,
  writeParameters,
  writeRanks,
} from './artefacts.ts';
import { fitBeforeTest } from './before-test.ts';
import {
  type EvaluationChannel,
  hasChannel,
  readEarlier,
  readEvaluation,
  readEvents,
  readParts,
  readScorers,
  readTrainingShards,
  readVectors,
} from './channels.ts';
import { type Folders, reportProgress } from './contract.ts';
import { fitHooks } from './fit-hooks.ts';
import { copyNeighbours } from './neighbour-answers.ts';
import { savedOnSigterm } from './sigterm.ts';
import { versions } from './versions.ts';

/** One training job. */
export interface TrainJob {
  readonly run: string;
  readonly model: ResolvedModel;
  /** What the model is made by; undefined for one that somebody trains by hand. */
  readonly recipe: string | undefined;
}

/**
 * Trains one recommender from the input channels and writes it to `model/`.
 *
 * @param shouldStop asked between steps; true saves a checkpoint and ends without a model. What is trained is saved when training ends, too
 * @param report told how far each stage is
 * @returns false if it was stopped
 */
export async function train(
  folders: Folders,
  { run, model, recipe }: TrainJob,
  shouldStop: () => boolean,
  report: typeof reportProgress = reportProgress,
): Promise<boolean> {
  const begun = performance.now();
  report('read', 0);
  const evaluation = readEvaluation(folders);
  const { itemTable, manifest, validation } = evaluation;
  const read = readParts(folders, manifest, readsEnvironment(model));
  const isNeighbours = model.lea?.actions === 'neighbours';
  const parts = isNeighbours ? copyNeighbours([...read], { itemTable, ...manifest }) : read;
  const { trainSequences, trainTransitions } = manifest;
  const rows = await collectRows(parts, model.lea, itemTable.counts, {
    rows: trainSequences,
    values: trainSequences + trainTransitions,
  });
  const text =
    model.text === undefined ? undefined : alignVectors(readVectors(folders), itemTable.itemIds);
  const earlier = readEarlier(folders);
  report('read', 1, {
    rows: rows.rows,
    items: itemTable.itemIds.length,
    started_from: earlier?.run,
  });

  const fingerprint = fingerprintOf(
    model,
    manifest,
    rows.environment?.states,
    text?.known,
    ...(earlier === undefined ? [] : earlier.parameters.values()),
  );
  const hooks = fitHooks(
    { stage: 'train', checkpoints: folders.checkpoints, fingerprint },
    shouldStop,
    report,
  );
  const { resumeFrom } = hooks;
  if (resumeFrom !== undefined) {
    report('train', resumeFrom.epoch / model.maximumEpochs, { resumed: resumeFrom.step });
  }
  const trained = await savedOnSigterm(() =>
    trainModel(
      {
        model,
        rows,
        window: manifest.window,
        excludeHistory: manifest.excludeHistory,
        baskets: manifest.baskets,
        validation,
        text,
        warm: earlier && { earlier, itemIds: itemTable.itemIds },
      },
      hooks,
    ),
  );
  try {
    if (trained.wasStopped || shouldStop()) return false;
    const network = {
      backbone: model.backbone,
      shape: { ...trained.network.shape, items: rows.counts.length + trained.otherIds.length },
      excludeHistory: manifest.excludeHistory,
      weights: trained.weights,
    };
    const asServed = await fitBeforeTest(
      { folders, manifest, model, trained, text, items: itemTable.itemIds.length, fingerprint },
      shouldStop,
      report,
    );
    if (asServed === 'stopped' || shouldStop()) return false;
    report('rank', 0);
    const histories = readHistories(folders, evaluation, model);
    const judged = judgeNetwork(
      network,
      histories.training,
      model.prior,
      { events: await readRequested(folders, evaluation, model, network), split: manifest.split },
      evaluation,
      {
        network: asServed === undefined ? network : { ...network, weights: asServed },
        histories: histories.beforeTest ?? histories.training,
      },
    );
    writeModel(folders.model, judged.served, [...itemTable.itemIds, ...trained.otherIds]);
    writeParameters(folders.model, { ...trained, epochs: trained.curve.length }, manifest.dataHash);
    writeLearningCurve(folders.model, model.name, trained.curve, trained.bestEpoch);
    for (const split of ['validation', 'test'] as const) {
      writeRanks(folders.model, split, judged[split].ranks);
      writeLists(folders.model, split, judged[split].lists);
    }
    const ranks = { validation: judged.validation.ranks, test: judged.test.ranks };
    const seconds = (performance.now() - begun) / 1000;
    writeManifest(folders.model, {
      run,
      name: model.name,
      backbone: model.backbone,
      objective: model.objective,
      ...(recipe !== undefined && { recipe }),
      ...(earlier !== undefined && { startedFrom: earlier.run }),
      settings: model,
      seed: model.seed,
      dataHash: manifest.dataHash,
      asServed: asServed !== undefined,
      epochs: trained.curve.length,
      bestEpoch: trained.bestEpoch,
      steps: trained.steps,
      seconds: Number(seconds.toFixed(1)),
      validation: metricsAt(ranks.validation, 10),
      test: metricsAt(ranks.test, 10),
      components: componentsOf(judged.served),
      parts: judged.parts.map((part) => ({
        added: part.added,
        test: metricsAt(part.ranks, 10),
      })),
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

/** How many scores and counts are added up. */
function componentsOf({ blend }: BlendedNetwork): number {
  return blend === undefined ? 1 : blend.components.length + blend.halfLives.length;
}

/** Everybody's actions as far as the held-out cases need them. */
function readRequested(
  folders: Folders,
  { manifest, validation, test }: EvaluationChannel,
  { prior }: ResolvedModel,
  { shape }: RecommenderModel,
): Promise<CountedEvents> {
  return readEvents(folders, shape.items, {
    first: Math.min(firstTime(validation), firstTime(test)),
    asOf: prior?.asOf ?? 'request',
    split: manifest.split,
    halfLives: (prior?.halfLives ?? []).map(inSeconds),
  });
}

/** What the network is joined with: what the night has fitted, or, by hand, fitted on the training shards. */
function readHistories(
  folders: Folders,
  { itemTable, manifest, validation }: EvaluationChannel,
  { prior }: ResolvedModel,
): ReturnType<typeof historiesOf> {
  if (prior === undefined) return {};
  if (hasChannel(folders, 'rivals')) return historiesOf(readScorers(folders), prior);
  const shards = readTrainingShards(folders, manifest);
  const data = { itemTable, shards, baskets: manifest.baskets };
  const training = networkHistories(data, validation, manifest.excludeHistory, prior);
  return training === undefined ? {} : { training };
}

/** What a checkpoint must have been made from to be gone on with. */
function fingerprintOf(
  model: ResolvedModel,
  { dataHash, excludeHistory }: SequencesManifest,
  ...inputs: readonly (Uint16Array | Float32Array | undefined)[]
): string {
  const hash = createHash('sha256').update(JSON.stringify([model, dataHash, excludeHistory]));
  for (const values of inputs) {
    if (values === undefined) continue;
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
