import { join } from 'node:path';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { judgeNetwork } from '#lib/evaluation/network-blend.ts';
import { networkHistories } from '#lib/evaluation/network-histories.ts';
import type { TextVectors } from '#lib/recommender/text-table.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import { versions } from '../../containers/trainer/versions.ts';
import { auditData } from '../data/audit.ts';
import { type Arm, answersControl, type Cell, cellsOf } from './arms.ts';
import { type FinishedCell, fingerprintOf, readCell, writeCell } from './cells.ts';
import { concludeExperiment, expectPrimary, strataOf } from './conclusions.ts';
import type { EnvironmentAnswerer } from './environment-answers.ts';
import { readData, scoreBaselines, textsOf } from './experiment-data.ts';
import type { ExperimentHooks } from './experiment-hooks.ts';
import { type EnvironmentAnswers, networkOf } from './networks.ts';
import { type ExperimentOptions, planExperiment, type ReadOptions } from './options.ts';
import { currentCommit, machine } from './provenance.ts';
import { type CellResult, type ExperimentResults, type TunedArm, writeResults } from './results.ts';
import { coldScores, scoresOf, shownItems } from './scores.ts';
import { summarise } from './summary.ts';
import type { Tuned } from './tuning.ts';

/**
 * Tunes every model if that is asked for, trains it with every seed on a data set and ranks the test cases among all items;
 * early stopping on the validation cases. Writes `results.json` after every arm. A cell that is finished in the folder is not run again, and
 * one that was stopped goes on from its checkpoint.
 *
 * @returns the results and the path of `results.json`
 * @throws ConfigError if an option or a model is wrong; ValidationError if the data are
 * @throws PipelineError `Stopped` if `shouldStop` or `signal` ended it
 */
export async function runExperiment(
  asked: ExperimentOptions,
  hooks: ExperimentHooks = {},
): Promise<{ readonly results: ExperimentResults; readonly path: string }> {
  const { options, arms } = planExperiment(asked);
  const { built, answerer } = await readData(options, hooks);
  try {
    return await runGrid(options, arms, built, answerer, hooks);
  } finally {
    await answerer?.close();
  }
}

async function runGrid(
  options: ReadOptions,
  arms: readonly Arm[],
  built: BuiltSequences,
  answerer: EnvironmentAnswerer | undefined,
  hooks: ExperimentHooks,
) {
  const { users, items, interactions } = built.manifest;
  hooks.onProgress?.({ stage: 'read', users, items, actions: interactions });
  const finished: FinishedCell[] = [];
  const tuning: TunedArm[] = [];
  const audit = auditData(built);
  const baselines = scoreBaselines(built, options.rivals);
  expectPrimary(options, arms, baselines);
  const results = (): ExperimentResults => ({
    data: {
      file: options.interactions,
      format: options.format,
      ...built.manifest,
    },
    audit,
    machine: machine(),
    environments: answerer?.results ?? [],
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
  const cells = arms.reduce((sum, { trials }) => sum + trials.length + options.seeds, 0);
  const clock = new CellClock(cells);
  const texts = textsOf(options, built);
  const finish = async (cell: Cell) => {
    const source: CellSource = {
      answers:
        cell.environment === undefined
          ? undefined
          : await answerer!.answers(cell.environment, answersControl(cell)),
      text: cell.model.text && texts(cell.control === 'texts-permuted'),
    };
    const fingerprint = cellFingerprint(cell.model, built.manifest, source);
    const known = readCell(options.out, cell.file, fingerprint, built.test.targets.length);
    const done = known ?? (await runCell(built, cell, source, fingerprint, options.out, hooks));
    hooks.onProgress?.({
      stage: 'done',
      cell: cell.name,
      seed: cell.seed,
      ndcg10: done.result.ndcg10,
      cells,
      ...clock.finished(known === undefined),
    });
    return done;
  };
  const chosen = new Map<string, Tuned>();
  for (const arm of arms) {
    const tuned = await tuneArm(arm, finish);
    if (tuned !== undefined) tuning.push(tuned);
    const settings = tuned?.chosen ?? chosen.get(arm.controls ?? '');
    if (settings !== undefined) chosen.set(arm.name, settings);
    for (const cell of cellsOf(arm, options.seeds, settings)) {
      const done = await finish(cell);
      finished.push({ ...done, controls: arm.controls });
    }
    writeResults(options.out, results());
  }
  return { results: results(), path: join(options.out, 'results.json') };
}

/** How long the rest will take, by what was run; cells that are read again take none. */
class CellClock {
  readonly #cells: number;
  #begun = performance.now();
  #finished = 0;
  #run = 0;
  #seconds = 0;

  constructor(cells: number) {
    this.#cells = cells;
  }

  finished(isRun: boolean): {
    readonly finished: number;
    readonly secondsLeft: number | undefined;
  } {
    const now = performance.now();
    this.#finished++;
    if (isRun) {
      this.#run++;
      this.#seconds += (now - this.#begun) / 1000;
    }
    this.#begun = now;
    const left = this.#cells - this.#finished;
    return {
      finished: this.#finished,
      secondsLeft: this.#run === 0 ? undefined : (left * this.#seconds) / this.#run,
    };
  }
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

/** What a cell learns from besides the log. */
interface CellSource {
  readonly text: TextVectors | undefined;
  readonly answers: EnvironmentAnswers | undefined;
}

function cellFingerprint(
  model: ResolvedModel,
  { dataHash, excludeHistory }: BuiltSequences['manifest'],
  { text, answers }: CellSource,
): string {
  const learnedFrom = answers === undefined ? dataHash : `${dataHash} ${answers.hash}`;
  return fingerprintOf(model, learnedFrom, excludeHistory, text?.known);
}

async function runCell(
  built: BuiltSequences,
  { name, seed, model, file }: Cell,
  { text, answers }: CellSource,
  fingerprint: string,
  out: string,
  hooks: ExperimentHooks,
): Promise<FinishedCell> {
  const begun = performance.now();
  const { network, ...training } = await networkOf(
    built,
    model,
    text,
    out,
    {
      shouldStop: () => hooks.shouldStop?.() ?? false,
      onProgress: (progress) =>
        hooks.onProgress?.({ stage: 'train', cell: name, seed, ...progress }),
    },
    answers,
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
    curve: training.curve,
    seconds: round((performance.now() - begun) / 1000),
    manifest: {
      fingerprint,
      settings: model,
      versions: versions(),
      commit: currentCommit(),
      finishedAt: new Date().toISOString(),
    },
  };
  const cell = { result, ranks };
  writeCell(out, file, cell);
  return cell;
}

const round = (seconds: number) => Number(seconds.toFixed(1));
