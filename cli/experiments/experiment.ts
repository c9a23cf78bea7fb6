import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { PipelineError } from '#lib/contracts/errors.ts';
import { decodeItemVectors } from '#lib/environment/item-vectors.ts';
import { rankBaselines } from '#lib/evaluation/baselines.ts';
import { judgeNetwork, networkRules } from '#lib/evaluation/network-blend.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import { collectRows } from '#lib/recommender/data/training-rows.ts';
import { alignVectors, type TextVectors } from '#lib/recommender/text-table.ts';
import { type TrainingProgress, trainModel } from '#lib/recommender/trainer.ts';
import { type BuiltSequences, buildSequences } from '#lib/sequences/build.ts';
import { loadCheckpoint, saveCheckpoint } from '../../containers/trainer/checkpoints.ts';
import { readInteractions, splitFor } from '../data/interaction-file.ts';
import { type Cell, type ExperimentOptions, planExperiment } from './options.ts';
import {
  type CellResult,
  coldScores,
  currentCommit,
  type ExperimentResults,
  type FinishedCell,
  fingerprintOf,
  machine,
  readCell,
  scoresOf,
  shownItems,
  summarise,
  versions,
  writeCell,
  writeResults,
} from './results.ts';

/** What an experiment tells while it runs. */
export type ExperimentProgress =
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
    };

/** What may be asked of a running experiment. */
export interface ExperimentHooks {
  onProgress?(progress: ExperimentProgress): void;
  /** Gets the report that the file would get as an upload. */
  onReport?(report: UploadReport): void;
  /** True stops with a checkpoint; the same call later goes on from it. */
  shouldStop?(): boolean;
}

/**
 * Trains every model with every seed on a data set and ranks the test cases among all items; early stopping on the
 * validation cases. Writes `results.json` after every cell. A cell that is finished in the folder is not run again, and
 * one that was stopped goes on from its checkpoint.
 *
 * @returns the results and the path of `results.json`
 * @throws ConfigError if an option or a model is wrong; ValidationError if the data are
 * @throws PipelineError `Stopped` if `shouldStop` ended it
 */
export async function runExperiment(
  asked: ExperimentOptions,
  hooks: ExperimentHooks = {},
): Promise<{ readonly results: ExperimentResults; readonly path: string }> {
  const { options, cells } = planExperiment(asked);
  const built = await readData(options, hooks);
  const { users, items, interactions, excludeHistory } = built.manifest;
  hooks.onProgress?.({ stage: 'read', users, items, actions: interactions });
  const finished: FinishedCell[] = [];
  const results = (): ExperimentResults => ({
    data: {
      file: options.interactions,
      format: options.format,
      ...built.manifest,
    },
    machine: machine(),
    models: finished.map(({ result }) => result),
    summary: summarise(finished, built.test.users),
    baselines,
  });
  const text =
    options.vectors === undefined
      ? undefined
      : alignVectors(decodeItemVectors(readFileSync(options.vectors)), built.itemTable.itemIds);
  const baselines = scoreBaselines(built, excludeHistory);
  for (const cell of cells) {
    const fingerprint = fingerprintOf(
      cell.model,
      built.manifest.dataHash,
      excludeHistory,
      cell.model.text && text?.known,
    );
    const done =
      readCell(options.out, cell.file, fingerprint, built.test.targets.length) ??
      (await runCell(built, cell, { out: options.out, excludeHistory, fingerprint, text }, hooks));
    finished.push(done);
    writeResults(options.out, results());
    hooks.onProgress?.({
      stage: 'done',
      cell: cell.name,
      seed: cell.seed,
      ndcg10: done.result.ndcg10,
      cells: cells.length,
      finished: finished.length,
    });
  }
  return { results: results(), path: join(options.out, 'results.json') };
}

async function readData(
  options: ReturnType<typeof planExperiment>['options'],
  hooks: ExperimentHooks,
): Promise<BuiltSequences> {
  const log = await readInteractions(options, { interactions: options.reading }, hooks.onReport);
  return buildSequences(
    log,
    sequencesConfig.parse({
      split: splitFor(options.format, options.split),
      window: options.window,
      excludeHistory: options.excludeHistory,
      minimumUserInteractions: options.minimumUserInteractions,
      minimumItemInteractions: options.minimumItemInteractions,
      // One shard a request is for the environment; here there is none.
      shardItems: 1_000_000,
    }),
  );
}

function scoreBaselines(
  built: BuiltSequences,
  excludeHistory: boolean,
): ExperimentResults['baselines'] {
  const begun = performance.now();
  const ranked = rankBaselines(
    { ...built, baskets: built.manifest.baskets },
    built,
    excludeHistory,
  );
  const seconds = round((performance.now() - begun) / 1000 / ranked.length);
  return ranked.map(({ name, ranks }) => ({ name, ...scoresOf(ranks.test), seconds }));
}

async function runCell(
  built: BuiltSequences,
  { name, seed, model, file }: Cell,
  task: {
    readonly out: string;
    readonly excludeHistory: boolean;
    readonly fingerprint: string;
    readonly text: TextVectors | undefined;
  },
  hooks: ExperimentHooks,
): Promise<FinishedCell> {
  const begun = performance.now();
  const checkpoints = join(task.out, 'checkpoints', file);
  const parts = built.shards.map((sequences) => ({ sequences, augmented: undefined }));
  const trained = await trainModel(
    {
      model,
      rows: await collectRows(parts, undefined, built.itemTable.counts),
      window: built.manifest.window,
      excludeHistory: task.excludeHistory,
      baskets: built.manifest.baskets,
      validation: built.validation,
      text: model.text && task.text,
    },
    {
      resumeFrom: loadCheckpoint(checkpoints, task.fingerprint, () => undefined),
      saveCheckpoint: (state) => saveCheckpoint(checkpoints, state, task.fingerprint),
      shouldStop: () => hooks.shouldStop?.() ?? false,
      onProgress: (progress) =>
        hooks.onProgress?.({ stage: 'train', cell: name, seed, ...progress }),
    },
  );
  try {
    if (trained.wasStopped) {
      throw new PipelineError('Stopped', `Stopped in ${name}, seed ${seed}; run again to go on.`);
    }
    const judged = judgeNetwork(
      {
        backbone: model.backbone,
        shape: { ...trained.network.shape, items: built.manifest.items + trained.otherIds.length },
        excludeHistory: task.excludeHistory,
        weights: trained.weights,
      },
      model.prior?.rules === true
        ? networkRules({ ...built, baskets: built.manifest.baskets })
        : undefined,
      model.prior,
      { events: built.events, split: built.manifest.split },
      built,
    );
    const { ranks, lists } = judged.test;
    const result: CellResult = {
      name,
      seed,
      ...scoresOf(ranks),
      backbone: model.backbone,
      objective: model.objective,
      validation: scoresOf(judged.validation.ranks),
      cold: coldScores(ranks, built.test.targets, built.manifest.trainItems),
      shown: shownItems(lists),
      epochs: trained.curve.length,
      bestEpoch: trained.bestEpoch,
      seconds: round((performance.now() - begun) / 1000),
      manifest: {
        fingerprint: task.fingerprint,
        settings: model,
        versions: versions(),
        commit: currentCommit(),
        finishedAt: new Date().toISOString(),
      },
    };
    const cell = { result, ranks };
    writeCell(task.out, file, cell);
    rmSync(checkpoints, { recursive: true, force: true });
    return cell;
  } finally {
    trained.dispose();
  }
}

const round = (seconds: number) => Number(seconds.toFixed(1));
