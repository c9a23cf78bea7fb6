import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { decodeItemVectors } from '#lib/environment/item-vectors.ts';
import { rankBaselines } from '#lib/evaluation/baselines.ts';
import type { SplitRanks } from '#lib/evaluation/evaluate.ts';
import { judgeNetwork } from '#lib/evaluation/network-blend.ts';
import { networkHistories } from '#lib/evaluation/network-histories.ts';
import { fitOnTraining } from '#lib/evaluation/rivals/fit-scorers.ts';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import type { AsOf } from '#lib/popularity/as-of.ts';
import { alignVectors, type TextVectors } from '#lib/recommender/text-table.ts';
import type { TrainingProgress } from '#lib/recommender/training-task.ts';
import { type BuiltSequences, buildSequences } from '#lib/sequences/build.ts';
import { versions } from '../../containers/trainer/versions.ts';
import { auditData } from '../data/audit.ts';
import { readInteractions, splitFor } from '../data/interaction-file.ts';
import { type FinishedCell, fingerprintOf, readCell, writeCell } from './cells.ts';
import { concludeExperiment, expectPrimary, strataOf } from './conclusions.ts';
import { networkOf } from './networks.ts';
import { type Arm, type Cell, cellsOf, type ExperimentOptions, planExperiment } from './options.ts';
import { currentCommit, machine } from './provenance.ts';
import { type CellResult, type ExperimentResults, type TunedArm, writeResults } from './results.ts';
import { coldScores, scoresOf, shownItems } from './scores.ts';
import { summarise } from './summary.ts';

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
 * Tunes every model if that is asked for, trains it with every seed on a data set and ranks the test cases among all items;
 * early stopping on the validation cases. Writes `results.json` after every cell. A cell that is finished in the folder is not run again, and
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
  const { options, arms } = planExperiment(asked);
  const built = await readData(options, hooks);
  const { users, items, interactions, excludeHistory } = built.manifest;
  hooks.onProgress?.({ stage: 'read', users, items, actions: interactions });
  const finished: FinishedCell[] = [];
  const tuning: TunedArm[] = [];
  const audit = auditData(built);
  const text =
    options.vectors === undefined
      ? undefined
      : alignVectors(decodeItemVectors(readFileSync(options.vectors)), built.itemTable.itemIds);
  const baselines = scoreBaselines(built, options.rivals);
  expectPrimary(options, baselines);
  const results = (): ExperimentResults => ({
    data: {
      file: options.interactions,
      format: options.format,
      ...built.manifest,
    },
    audit,
    machine: machine(),
    tuning,
    models: finished.map(({ result }) => result),
    summary: summarise(finished, built.test.users),
    baselines: baselines.map(({ name, ranks, seconds }) => ({
      name,
      ...scoresOf(ranks.test),
      validation: scoresOf(ranks.validation),
      seconds,
    })),
    strata: strataOf(finished, baselines, built),
    ...concludeExperiment(finished, baselines, built.test.users, options.primary),
  });
  const cellCount = arms.reduce((sum, { trials }) => sum + trials.length + options.seeds, 0);
  let cellsDone = 0;
  const finish = async (cell: Cell) => {
    const fingerprint = fingerprintOf(
      cell.model,
      built.manifest.dataHash,
      excludeHistory,
      cell.model.text && text?.known,
    );
    const done =
      readCell(options.out, cell.file, fingerprint, built.test.targets.length) ??
      (await runCell(built, cell, { out: options.out, fingerprint, text }, hooks));
    hooks.onProgress?.({
      stage: 'done',
      cell: cell.file,
      seed: cell.seed,
      ndcg10: done.result.ndcg10,
      cells: cellCount,
      finished: ++cellsDone,
    });
    return done;
  };
  for (const arm of arms) {
    const tuned = await tuneArm(arm, finish);
    if (tuned !== undefined) tuning.push(tuned);
    for (const cell of cellsOf(arm, options.seeds, tuned?.chosen)) {
      finished.push(await finish(cell));
      writeResults(options.out, results());
    }
  }
  return { results: results(), path: join(options.out, 'results.json') };
}

/** Runs an arm's trials; the best on validation is chosen, of equals the earlier. Test cases choose nothing. */
async function tuneArm(
  { name, trials }: Arm,
  finish: (cell: Cell) => Promise<FinishedCell>,
): Promise<TunedArm | undefined> {
  if (trials.length === 0) return undefined;
  const tried: TunedArm['trials'][number][] = [];
  for (const { settings, cell } of trials) {
    const { result } = await finish(cell);
    tried.push({ settings, validation: result.validation.ndcg10, seconds: result.trainingSeconds });
  }
  const best = tried.reduce((a, b) => (b.validation > a.validation ? b : a));
  return { name, trials: tried, chosen: best.settings };
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

/** Baselines, or with `asOf` the rivals of every night, as of then. */
function scoreBaselines(
  built: BuiltSequences,
  asOf: AsOf | undefined,
): { readonly name: string; readonly ranks: SplitRanks; readonly seconds: number }[] {
  const begun = performance.now();
  const { manifest } = built;
  const data = { ...built, baskets: manifest.baskets };
  const ranked =
    asOf === undefined
      ? rankBaselines(data, built, manifest.excludeHistory)
      : rankRivals({
          ...manifest,
          ...built,
          cases: built,
          asOf,
          scorers: fitOnTraining(data, built.validation, manifest.excludeHistory),
        }).map((rival) => ({
          name: rival.model.name,
          ranks: { validation: rival.validation.ranks, test: rival.test.ranks },
        }));
  const seconds = round((performance.now() - begun) / 1000 / ranked.length);
  return ranked.map(({ name, ranks }) => ({ name, ranks, seconds }));
}

async function runCell(
  built: BuiltSequences,
  { name, seed, model, file }: Cell,
  task: {
    readonly out: string;
    readonly fingerprint: string;
    readonly text: TextVectors | undefined;
  },
  hooks: ExperimentHooks,
): Promise<FinishedCell> {
  const begun = performance.now();
  const { network, ...training } = await networkOf(
    built,
    model,
    model.text && task.text,
    task.out,
    {
      shouldStop: () => hooks.shouldStop?.() ?? false,
      onProgress: (progress) =>
        hooks.onProgress?.({ stage: 'train', cell: name, seed, ...progress }),
    },
  );
  const { manifest } = built;
  const judged = judgeNetwork(
    network,
    networkHistories(
      { ...built, baskets: manifest.baskets },
      built.validation,
      manifest.excludeHistory,
      model.prior,
    ),
    model.prior,
    { events: built.events, split: manifest.split },
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
    cold: coldScores(ranks, built.test.targets, manifest.trainItems),
    shown: shownItems(lists),
    epochs: training.epochs,
    bestEpoch: training.bestEpoch,
    trainingSeconds: training.seconds,
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
  return cell;
}

const round = (seconds: number) => Number(seconds.toFixed(1));
