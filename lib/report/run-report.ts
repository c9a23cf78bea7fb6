import type { PipelineConfig } from '#lib/contracts/config.ts';
import type { BilledPart } from '#lib/cost/bill.ts';
import type { EnvironmentMetrics } from '#lib/environment/metrics.ts';
import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import type { EnvironmentTrial } from '#lib/promotion/environment-trial.ts';
import type { PrequentialNight } from '#lib/promotion/prequential.ts';
import type { Verdict } from '#lib/promotion/verdict.ts';
import type { SequencesExcluded, SequencesManifest } from '#lib/sequences/manifest.ts';
import type { AugmentationSummary } from './augmentation.ts';
import { html } from './html.ts';
import type { LearningCurve } from './learning-curve-file.ts';
import { bodyOfSections, renderPage, type Section } from './page.ts';
import { billSection } from './sections/bill.ts';
import { configurationSection } from './sections/configuration.ts';
import { dataSection, type UploadTotals } from './sections/data.ts';
import { environmentSection } from './sections/environment.ts';
import { learningSection } from './sections/learning.ts';
import { listsSection, type ShownLists } from './sections/lists.ts';
import { partsSection } from './sections/parts.ts';
import { resultsSection } from './sections/results.ts';
import type { EnvironmentReuse } from './sections/reuse.ts';
import { rewardsSection } from './sections/rewards.ts';
import { type ShownOutcome, shownSection } from './sections/shown.ts';
import { strataSection } from './sections/strata.ts';
import { type StateTiming, timingsSection } from './sections/timings.ts';
import { trendSection } from './sections/trend.ts';
import { trialTable } from './sections/trial.ts';
import { verdictSection } from './sections/verdict.ts';
import type { Served } from './summary.ts';

/** Everything that the report of a run shows. What is undefined is left out, with a word on why. */
export interface RunReport {
  readonly run: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly evaluation: Evaluation;
  readonly verdict: Verdict;
  /** How those in service did on what arrived: this night and those before it, the newest first. */
  readonly nights: readonly PrequentialNight[];
  /** Undefined while nothing is in service. */
  readonly lists: ShownLists | undefined;
  readonly served: Served | undefined;
  readonly sequences: SequencesManifest;
  readonly excluded: SequencesExcluded;
  /** Undefined if the upload reports are gone. */
  readonly uploads: UploadTotals | undefined;
  /** Undefined if no model of the run uses the LLM environment. */
  readonly environment: EnvironmentMetrics | undefined;
  readonly reuse: EnvironmentReuse | undefined;
  /** How the environment did beside models without it, if this night tried it or let it rest. */
  readonly trial: EnvironmentTrial | undefined;
  /** What came of what was shown; undefined where answers are not kept, or nobody hears of them again. */
  readonly shown: ShownOutcome | undefined;
  readonly augmentation: AugmentationSummary | undefined;
  readonly learningCurves: readonly { readonly name: string; readonly curve: LearningCurve }[];
  /** In the order in which they ran. */
  readonly timings: readonly StateTiming[];
  /** What the run has cost; empty if it has no estimate. */
  readonly bill: readonly BilledPart[];
  readonly config: PipelineConfig;
}

/**
 * The report of a run as one HTML file without any external resource: it can be mailed, archived and opened anywhere.
 * Everything that a picture shows is in a table as well.
 */
export function renderReport(report: RunReport): string {
  const sections: readonly Section[] = [
    // Is it better and by how much, for whom, what do people get, what did the language model add, what did it cost, what of the data.
    ['results', 'Results', resultsSection(report.evaluation, report.verdict)],
    ['trend', 'Night by night', trendSection(report.nights, report.verdict.trend)],
    ['shown', 'What was taken of what was shown', shownSection(report.shown)],
    ['strata', 'For whom', strataSection(report.evaluation, report.verdict)],
    ['lists', 'Lists', listsSection(report.lists, report.served)],
    ['parts', 'What each part added', partsSection(report.evaluation, report.config)],
    [
      'environment',
      'The LLM environment',
      html`${trialTable(report.trial, report.run)}${environmentSection(report.environment, report.reuse)}`,
    ],
    ['rewards', 'Rewards and augmented actions', rewardsSection(report.augmentation)],
    ['timings', 'Time', timingsSection(report.timings)],
    ['cost', 'Cost', billSection(report.bill)],
    ['data', 'Data', dataSection(report.uploads, report.excluded, report.sequences)],
    [
      'learning',
      'Learning curves',
      learningSection(report.learningCurves, report.evaluation.models),
    ],
    ['configuration', 'Configuration', configurationSection(report.config)],
  ];
  const head = html`<p class="run">Run ${report.run} <time datetime="${report.createdAt}">${report.createdAt.slice(0, 16).replace('T', ' ')} UTC</time></p>
${verdictSection(report.evaluation, report.verdict)}`;
  return renderPage({ title: `Run ${report.run}`, body: bodyOfSections(head, sections) });
}
