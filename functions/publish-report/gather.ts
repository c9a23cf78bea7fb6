import { readRunConfig } from '#functions/shared/run-config.ts';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { environments, runs, trials, uploadOfPart, uploads } from '#lib/contracts/keys.ts';
import { readsEnvironment, usesEnvironment } from '#lib/contracts/needs.ts';
import { type RunManifest, runManifest } from '#lib/contracts/run.ts';
import { augmentedManifest } from '#lib/environment/augmented-manifest.ts';
import { decodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { type EnvironmentMetrics, environmentMetrics } from '#lib/environment/metrics.ts';
import { environmentPlan } from '#lib/environment/version.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { type UploadReport, uploadReport } from '#lib/interactions/report.ts';
import {
  type EnvironmentTrial,
  environmentTrial,
  trialPlan,
} from '#lib/promotion/environment-trial.ts';
import { readNights } from '#lib/promotion/nights.ts';
import { verdictFile } from '#lib/promotion/verdict.ts';
import { AugmentationCollector, type AugmentationSummary } from '#lib/report/augmentation.ts';
import { learningCurveFile } from '#lib/report/learning-curve-file.ts';
import type { RunReport } from '#lib/report/run-report.ts';
import type { UploadRemark, UploadTotals } from '#lib/report/sections/data.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { sequencesExcluded, sequencesManifest } from '#lib/sequences/manifest.ts';
import type { Objects } from '#platform/objects.ts';
import { gatherAttribution } from './attribution.ts';
import { gatherBill } from './bill.ts';
import { gatherLists } from './lists.ts';
import { gatherReuse } from './reuse.ts';
import { gatherTimings } from './timings.ts';

/** The pictures of rewards are drawn from this many shards at most, evenly over all. */
const SHARDS_SHOWN = 64;

/** Everything that the report of a run shows, out of the bucket. */
export async function gatherReport(
  objects: Objects,
  run: string,
  startedAt: string,
): Promise<RunReport> {
  const config = await readRunConfig(objects, run);
  const manifest = await objects.getJson(runs.manifest(run), runManifest);
  const plan = await objects.getJson(runs.environmentPlan(run), environmentPlan);
  const inService = await gatherLists(objects, run);
  const isAugmented = usesEnvironment(config);
  const timed = { run, startedAt, environment: plan.version, config };
  const timings = await gatherTimings(objects, timed);
  const sequences = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const { interactions } = sequences;
  return {
    run,
    createdAt: new Date().toISOString(),
    config,
    evaluation: await objects.getJson(runs.evaluation(run), evaluationFile),
    verdict: await objects.getJson(runs.verdict(run), verdictFile),
    nights: await readNights(objects),
    lists: inService?.lists,
    served: inService?.served,
    sequences,
    excluded: await objects.getJson(runs.excluded(run), sequencesExcluded),
    uploads: await gatherUploads(objects, manifest.inputs.interactions),
    environment: isAugmented ? await readMetrics(objects, plan.version) : undefined,
    reuse: isAugmented ? await gatherReuse(objects, run, plan, config) : undefined,
    trial: await gatherTrial(objects, run),
    shown: await gatherAttribution(objects, manifest, config),
    augmentation: isAugmented ? await gatherAugmentation(objects, run, config) : undefined,
    learningCurves: await gatherLearningCurves(objects, run, config),
    timings,
    bill: await gatherBill(objects, { run, config, interactions, timings }),
  };
}

/** What the night did about the environment; undefined where it did nothing of the kind. */
async function gatherTrial(objects: Objects, run: string): Promise<EnvironmentTrial | undefined> {
  const plan = (await objects.getVersion(runs.trial(run), trialPlan))?.value;
  if (plan === undefined || plan.kind === 'usual') return undefined;
  if (plan.kind === 'rest') return plan.because;
  const last = await objects.getVersion(trials.environment, environmentTrial);
  return last?.value.run === run ? last.value : undefined;
}

async function readMetrics(objects: Objects, version: string): Promise<EnvironmentMetrics> {
  return objects.getJson(environments.metrics(version), environmentMetrics);
}

async function gatherLearningCurves(objects: Objects, run: string, config: PipelineConfig) {
  return Promise.all(
    config.training.models.map(async ({ name }) => ({
      name,
      curve: await objects.getJson(runs.modelLearningCurve(run, name), learningCurveFile),
    })),
  );
}

/** Adds the reports of the uploads up whose rows the run could see. */
async function gatherUploads(
  objects: Objects,
  inputs: RunManifest['inputs']['interactions'],
): Promise<UploadTotals | undefined> {
  const ids = new Set(inputs.flatMap(({ key }) => uploadOfPart(key) ?? []));
  const found = await Promise.all(
    [...ids].map((id) => objects.getVersion(uploads.report(id), uploadReport)),
  );
  const reports = found.flatMap((version) => version?.value ?? []);
  if (reports.length === 0) return undefined;
  const sum = (of: (report: (typeof reports)[number]) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  const reasons = new Map<string, number>();
  for (const { reason, count } of reports.flatMap((report) => report.reasons)) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return {
    uploads: reports.length,
    read: sum((report) => report.read),
    good: sum((report) => report.good),
    quarantined: sum((report) => report.quarantined),
    duplicate: sum((report) => report.duplicate),
    reasons: [...reasons].map(([reason, rows]) => ({ reason, rows })),
    remarks: remarksOf(reports),
  };
}

/** A remark that several uploads of one file have stands once, as of the newest. */
function remarksOf(reports: readonly UploadReport[]): UploadRemark[] {
  const newest = reports.toSorted((a, b) => (a.arrivedAt < b.arrivedAt ? 1 : -1));
  const remarks = new Map<string, UploadRemark>();
  for (const { file, insights } of newest) {
    for (const { code, message, advice } of insights) {
      const known = remarks.get(`${file} ${code}`);
      remarks.set(`${file} ${code}`, known ?? { file, message, advice });
    }
  }
  return [...remarks.values()];
}

/** What the LE said, as the first model that uses it was told to take it. */
async function gatherAugmentation(
  objects: Objects,
  run: string,
  config: PipelineConfig,
): Promise<AugmentationSummary | undefined> {
  const { models, ...shared } = config.training;
  const first = models.find(readsEnvironment);
  const lea = first && resolveModel(shared, first).lea;
  const { shards, missing } = await objects.getJson(runs.augmentedManifest(run), augmentedManifest);
  const answered = Array.from({ length: shards }, (_, part) => part).filter(
    (part) => !missing.includes(part),
  );
  if (lea === undefined || answered.length === 0) return undefined;
  const itemTable = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const collector = new AugmentationCollector(itemTable, {
    ...lea,
    totalShards: answered.length,
  });
  const step = Math.max(1, Math.ceil(answered.length / SHARDS_SHOWN));
  for (let index = 0; index < answered.length; index += step) {
    const bytes = await objects.getBytes(runs.augmentedShard(run, answered[index]!));
    collector.add(decodeAugmentedShard(bytes));
  }
  return collector.finish();
}
