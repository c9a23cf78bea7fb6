import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CellClock } from './cell-clock.ts';
import type { SeededComparison } from './comparisons.ts';
import { verdictOf } from './conclusions.ts';
import { holm } from './corrections.ts';
import { countCells, runExperiment } from './experiment.ts';
import { expectFiles } from './experiment-file.ts';
import type { ExperimentHooks } from './experiment-hooks.ts';
import { planExperiment } from './options.ts';
import { type Panel, panelsOf } from './panels.ts';
import { configHash, currentCommit, machine } from './provenance.ts';
import type { ExperimentResults, Verdict } from './results.ts';
import { writeWhole } from './whole-file.ts';

/** A comparison of one data set and split, with its p-value corrected over all of them. */
export interface WholeComparison extends SeededComparison {
  /** `movietweetings, global-time`. */
  readonly panel: string;
  readonly holm: number;
  readonly verdict: Verdict;
}

/** `results.json` of an experiment on several data sets or splits. */
export interface WholeResults {
  readonly configHash: string;
  readonly commit: string;
  readonly machine: ReturnType<typeof machine>;
  readonly panels: readonly {
    readonly name: string;
    /** Where its own `results.json` is. */
    readonly folder: string;
    readonly data: ExperimentResults['data'];
    readonly audit: ExperimentResults['audit'];
    readonly noiseFloor: number | null;
    /** NDCG@10 of the test cases, the mean over seeds, by ranker. */
    readonly ndcg10: Readonly<Record<string, number>>;
  }[];
  /** The comparison that the experiment was made for, on every data set and split; corrected over these. */
  readonly primary: readonly WholeComparison[];
  /** All other comparisons, corrected over all of them. */
  readonly grid: readonly WholeComparison[];
}

/** A panel that was run. */
export interface RunPanel extends Panel {
  readonly results: ExperimentResults;
}

/**
 * Runs an experiment on every data set with every split, one after the other; all of it is planned before anything is run.
 *
 * @param asked options of an experiment, or those and `data` and `splits`
 * @param onPanel told of each panel that is done
 * @throws ConfigError naming the panel whose options are wrong, or a file that is not there
 */
export async function runPanels(
  asked: object,
  hooks: ExperimentHooks = {},
  onPanel: (panel: RunPanel) => void = () => undefined,
): Promise<RunPanel[]> {
  const panels = panelsOf(asked);
  const plans = panels.map(({ options }) => planExperiment(options));
  for (const { options } of plans) expectFiles(options);
  const clock = new CellClock(
    plans.reduce((sum, { options, arms }) => sum + countCells(options, arms), 0),
  );
  const run: RunPanel[] = [];
  const reported = new Set<string>();
  for (const panel of panels) {
    const { interactions } = panel.options;
    // A file that is split in two ways is reported on once.
    const { onReport, ...others } = hooks;
    const own = reported.has(interactions) || onReport === undefined ? others : hooks;
    reported.add(interactions);
    if (panel.name !== '') hooks.onProgress?.({ stage: 'panel', name: panel.name });
    mkdirSync(panel.options.out, { recursive: true });
    const { results } = await runExperiment(panel.options, own, clock);
    const done = { ...panel, results };
    run.push(done);
    onPanel(done);
  }
  return run;
}

/** What all data sets and splits say together. */
export function concludeWhole(asked: object, run: readonly RunPanel[]): WholeResults {
  const together = (
    comparisonsOf: (results: ExperimentResults) => readonly SeededComparison[],
  ): WholeComparison[] => {
    const all = run.flatMap(({ name, results }) =>
      comparisonsOf(results).map((own) => ({ panel: name, floor: results.noiseFloor, own })),
    );
    const corrected = holm(all.map(({ own }) => own.p));
    return all.map(({ panel, floor, own: { a, b, difference, low, high, confidence, p } }, at) => ({
      ...{ panel, a, b, difference, low, high, confidence, p },
      holm: corrected[at]!,
      verdict: verdictOf(difference, corrected[at]!, floor),
    }));
  };
  return {
    configHash: configHash(asked),
    commit: currentCommit(),
    machine: machine(),
    panels: run.map(({ name, folder, results }) => ({
      name,
      folder,
      data: results.data,
      audit: results.audit,
      noiseFloor: results.noiseFloor,
      ndcg10: Object.fromEntries([
        ...results.baselines.map((own) => [own.name, own.ndcg10] as const),
        ...results.summary.map((own) => [own.name, own.mean.ndcg10] as const),
      ]),
    })),
    primary: together(({ primary }) => (primary === null ? [] : [primary])),
    grid: together(({ grid }) => grid),
  };
}

export function writeWholeResults(out: string, results: WholeResults): string {
  const path = join(out, 'results.json');
  writeWhole(path, results);
  return path;
}
