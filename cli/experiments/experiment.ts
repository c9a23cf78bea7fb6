import { join } from 'node:path';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import { inParallel } from '#platform/in-parallel.ts';
import { versions } from '../../containers/trainer/versions.ts';
import { auditData } from '../data/audit.ts';
import { type Arm, type Cell, cellsOf } from './arms.ts';
import { CellClock } from './cell-clock.ts';
import { CellProcesses } from './cell-processes.ts';
import { CellRunner } from './cell-run.ts';
import { type FinishedCell, readCell } from './cells.ts';
import { concludeExperiment, expectPrimary, strataOf, trendOf } from './conclusions.ts';
import type { EnvironmentAnswerer } from './environment-answers.ts';
import { readData, scoreBaselines } from './experiment-data.ts';
import type { ExperimentHooks } from './experiment-hooks.ts';
import { type ExperimentOptions, planExperiment, type ReadOptions } from './options.ts';
import { configHash, currentCommit, machine } from './provenance.ts';
import { type ExperimentResults, type TunedArm, writeResults } from './results.ts';
import { scoresOf } from './scores.ts';
import { summarise } from './summary.ts';

type Plan = ReturnType<typeof planExperiment>;

/**
 * Tunes every model if that is asked for, trains it with every seed on a data set and ranks the test cases among all items;
 * early stopping on the validation cases. Writes `results.json` after every arm. A cell that is finished in the folder is not run again, and
 * one that was stopped goes on from its checkpoint.
 *
 * @param clock of an experiment that this one is a part of
 * @returns the results and the path of `results.json`
 * @throws ConfigError if an option or a model is wrong; ValidationError if the data are
 * @throws PipelineError `Stopped` if `shouldStop` or `signal` ended it
 */
export async function runExperiment(
  asked: ExperimentOptions,
  hooks: ExperimentHooks = {},
  clock?: CellClock,
): Promise<{ readonly results: ExperimentResults; readonly path: string }> {
  const plan = planExperiment(asked);
  const { built, answerer } = await readData(plan.options, hooks);
  try {
    return await runGrid(plan, built, answerer, hooks, clock);
  } finally {
    await answerer?.close();
  }
}

async function runGrid(
  { options, arms, same }: Plan,
  built: BuiltSequences,
  answerer: EnvironmentAnswerer | undefined,
  hooks: ExperimentHooks,
  sharedClock: CellClock | undefined,
) {
  const { users, items, interactions } = built.manifest;
  hooks.onProgress?.({ stage: 'read', users, items, actions: interactions });
  const finished = new Map<string, FinishedCell>();
  const tuning: TunedArm[] = [];
  const audit = auditData(built);
  const baselines = scoreBaselines(built, options.rivals);
  expectPrimary(options, arms, baselines);
  const madeWith = {
    machine: machine(),
    commit: currentCommit(),
    versions: versions(),
    configHash: configHash(options),
  };
  const results = (): ExperimentResults => {
    // In the order of the arms, whichever was finished first.
    const cells = arms.flatMap((arm) =>
      cellsOf(arm, options.seeds).flatMap(({ file }) => finished.get(file) ?? []),
    );
    return {
      data: {
        file: options.interactions,
        format: options.format,
        ...built.manifest,
      },
      audit,
      ...madeWith,
      same,
      environments: answerer?.results ?? [],
      tuning,
      models: cells.map(({ result }) => result),
      summary: summarise(cells, built.test.users),
      baselines: baselines.map(({ name, ranks, seconds }) => ({
        name,
        ...scoresOf(ranks.test),
        validation: scoresOf(ranks.validation),
        seconds,
      })),
      strata: strataOf(cells, baselines, built, options.baseModelDate),
      trend: trendOf(cells, baselines, built),
      ...concludeExperiment(cells, baselines, built.test.users, options.primary),
    };
  };
  const clock = sharedClock ?? new CellClock(countCells(options, arms));
  const runner = new CellRunner(options, built, answerer);
  const processes = options.jobs > 1 ? new CellProcesses(options, hooks) : undefined;
  const finish = async (cell: Cell): Promise<FinishedCell> => {
    const fingerprint = await runner.fingerprint(cell);
    const read = () => readCell(options.out, cell.file, fingerprint, built.test.targets.length);
    const known = read();
    if (known === undefined) await runCell(cell);
    const done = known ?? read()!;
    hooks.onProgress?.({
      stage: 'done',
      cell: cell.name,
      seed: cell.seed,
      ndcg10: done.result.ndcg10,
      ...clock.finished(known === undefined),
    });
    return done;
  };
  const runCell = async (cell: Cell) => {
    if (processes !== undefined) return processes.run(cell);
    const { name, seed } = cell;
    await runner.run(cell, {
      shouldStop: () => hooks.shouldStop?.() ?? false,
      onProgress: (progress) =>
        hooks.onProgress?.({ stage: 'train', cell: name, seed, ...progress }),
    });
  };
  try {
    const chosen = await tuneArms(arms, options.jobs, finish);
    tuning.push(...chosen.values());
    const cells = arms.flatMap((arm) =>
      cellsOf(arm, options.seeds, chosen.get(arm.name)?.chosen).map((cell) => ({
        arm,
        cell,
      })),
    );
    const left = new Map(arms.map(({ name }) => [name, options.seeds]));
    await inParallel(
      sharingNetworks(cells, ({ cell }) => cell),
      options.jobs,
      async (group) => {
        for (const { arm, cell } of group) {
          finished.set(cell.file, { ...(await finish(cell)), controls: arm.controls });
          left.set(arm.name, left.get(arm.name)! - 1);
          if (left.get(arm.name) === 0) writeResults(options.out, results());
        }
      },
    );
    await answerer?.fitOthers();
    writeResults(options.out, results());
  } finally {
    await processes?.close();
  }
  return { results: results(), path: join(options.out, 'results.json') };
}

/** Trials of tuning included. */
export const countCells = (
  { seeds }: Pick<ReadOptions, 'seeds'>,
  arms: readonly Pick<Arm, 'trials'>[],
): number => arms.reduce((sum, { trials }) => sum + trials.length + seeds, 0);

/** Runs all arms' trials; the best of an arm on validation is chosen, of equals the earlier. Test cases choose nothing. */
async function tuneArms(
  arms: readonly Arm[],
  jobs: number,
  finish: (cell: Cell) => Promise<FinishedCell>,
): Promise<Map<string, TunedArm>> {
  const trials = arms.flatMap((arm) => arm.trials);
  const tried = new Map<string, TunedArm['trials'][number]>();
  const groups = sharingNetworks(trials, ({ cell }) => cell);
  await inParallel(groups, jobs, async (group) => {
    for (const { settings, cell } of group) {
      const { result } = await finish(cell);
      const { validation, trainingSeconds: seconds } = result;
      tried.set(cell.file, { settings, validation: validation.ndcg10, seconds });
    }
  });
  const tuned = arms.filter((arm) => arm.trials.length > 0);
  return new Map(
    tuned.map(({ name, trials }) => {
      const own = trials.map(({ cell }) => tried.get(cell.file)!);
      const best = own.reduce((a, b) => (b.validation > a.validation ? b : a));
      return [name, { name, trials: own, chosen: best.settings }];
    }),
  );
}

/** Cells that train one and the same network, and differ in what it is joined with alone, in one group: it is trained once. */
function sharingNetworks<Item>(items: readonly Item[], cellOf: (item: Item) => Cell): Item[][] {
  const groups = Map.groupBy(items, (item) => {
    const { model, environment, control } = cellOf(item);
    return JSON.stringify([{ ...model, prior: undefined }, environment, control]);
  });
  return [...groups.values()];
}
