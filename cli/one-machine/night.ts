import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs, uploads } from '#lib/contracts/keys.ts';
import { lockHolder, releaseLock } from '#lib/contracts/lock.ts';
import { runStatus } from '#lib/contracts/run.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import { type RunSummary, runSummary } from '#lib/report/summary.ts';
import { summaryTable } from '#lib/report/table.ts';
import { type Cloud, type CloudOptions, startCloud } from '#local/cloud.ts';
import { FolderInUse } from '#local/errors.ts';
import type { ContainerProgress } from '#local/sagemaker/container.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { root } from '../../setup/paths.mjs';
import { synthesise } from './assembly.ts';
import { executeStateMachine } from './execution.ts';
import { localImages } from './images.ts';
import { type Night, readNight, writeNight } from './night-file.ts';
import { Progress, type StageProgress } from './progress.ts';
import { uploadAndWait, uploadBaseModel } from './uploads.ts';

export interface NightRequest {
  /** Files of the documented upload formats. */
  readonly interactions: string;
  readonly items: string;
  readonly config: PipelineConfig;
  /** The same as a file's text, for CDK; a change of it begins a new run. */
  readonly configText: string;
  /** Folder for the cloud's objects, the summary and the report. */
  readonly out: string;
  /** The run's name; by default today's date, numbered if that one is done. */
  readonly run?: string | undefined;
  /** A Hugging Face folder; by default the one that the set-up prepared under the configured name. */
  readonly baseModel?: string | undefined;
  /** Unix milliseconds at which the command was given, set-up included. */
  readonly startedAt: number;
}

/**
 * One night on one machine: starts the cloud, uploads, waits for ingestion, runs the state machine to its end, shows
 * what came out. Called again after an interruption, it goes on where it stopped.
 *
 * @returns the run's summary, also at `<out>/summary.json`
 * @throws PipelineError that says what failed
 */
export async function runNight(request: NightRequest): Promise<RunSummary> {
  const { out, configText } = request;
  const configFile = join(out, 'config.json');
  mkdirSync(out, { recursive: true });
  writeFileSync(configFile, configText);
  const progress = new Progress(request.startedAt);
  const begun = Date.now();
  const assembly = await synthesise(configFile);
  progress.done('cdk synth', (Date.now() - begun) / 1000);
  const cloud = await startWhenFree({
    assembly,
    dir: join(out, 'cloud'),
    images: localImages,
    onProgress: (container) => progress.working(container.name, describeStage(container)),
    onBatchFailure: ({ reason }) => progress.say(`a function failed and is tried again: ${reason}`),
    onWarning: (message) => progress.say(message),
    redeliverySeconds: 2,
  });
  const stop = () => void cloud.stop().finally(() => process.exit(130));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const objects = createObjects(cloud.s3, cloud.outputs.DataBucketName!);
    const night = await prepareNight(objects, request);
    await ingest(objects, request, night, progress);
    await releaseLeftLock(objects);
    const resume = await hasBegun(objects, night.run);
    await executeStateMachine(cloud, { run: night.run, resume }, progress);
    writeNight(out, { ...night, finished: true });
    return await publish(objects, night.run, request, progress);
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
    await cloud.stop();
  }
}

/** A run that was just killed needs a moment to end its processes and to let go of the folder. */
async function startWhenFree(options: CloudOptions): Promise<Cloud> {
  const until = Date.now() + 20_000;
  for (;;) {
    try {
      return await startCloud(options);
    } catch (error) {
      if (!(error instanceof FolderInUse) || Date.now() > until) throw error;
      await sleep(500);
    }
  }
}

/** The night that was interrupted in this folder, or a new one. */
async function prepareNight(objects: Objects, request: NightRequest): Promise<Night> {
  const config = request.configText;
  const before = readNight(request.out);
  const wanted = request.run;
  if (before !== undefined && !before.finished && before.config === config) {
    if (wanted === undefined || wanted === before.run) return before;
  }
  const date = new Date().toISOString().slice(0, 10);
  let run = wanted ?? date;
  for (let number = 2; wanted === undefined && (await hasBegun(objects, run)); number++) {
    run = `${date}-${number}`;
  }
  const night = { run, finished: false, config, uploaded: before?.uploaded ?? {} };
  writeNight(request.out, night);
  return night;
}

/** One command at a time has the folder, so whoever holds the lock was killed. */
async function releaseLeftLock(objects: Objects): Promise<void> {
  const holder = await lockHolder(objects);
  if (holder !== undefined) await releaseLock(objects, holder.execution, new Date());
}

async function hasBegun(objects: Objects, run: string): Promise<boolean> {
  return (await objects.getVersion(runs.status(run), runStatus)) !== undefined;
}

async function ingest(
  objects: Objects,
  request: NightRequest,
  night: Night,
  progress: Progress,
): Promise<void> {
  if (request.config.training.models.some((model) => model.lea !== undefined)) {
    const { baseModel } = request.config.environment;
    const folder = request.baseModel ?? join(root, '.cache/base-models', baseModel);
    await uploadBaseModel(objects, baseModel, folder);
  }
  // The catalogue first: rows of unknown items are quarantined.
  for (const [prefix, file] of [
    [uploads.catalogPrefix, request.items],
    [uploads.logsPrefix, request.interactions],
  ] as const) {
    const begun = Date.now();
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
    const report = await uploadAndWait(objects, prefix, file, night.uploaded[prefix] === hash);
    night.uploaded[prefix] = hash;
    writeNight(request.out, night);
    progress.done(`ingested ${describe(report)}`, (Date.now() - begun) / 1000);
  }
}

function describeStage({ stage, progress, values }: ContainerProgress): StageProgress {
  const facts = Object.entries(values).filter(([key]) => key !== 'stage' && key !== 'progress');
  return { stage, progress, note: facts.map(([key, value]) => `${key} ${value}`).join(', ') };
}

function describe({ kind, good, quarantined, duplicate }: UploadReport): string {
  const left =
    quarantined + duplicate === 0 ? '' : ` (${quarantined} quarantined, ${duplicate} duplicate)`;
  return `${good} ${kind === 'logs' ? 'interactions' : 'items'}${left}`;
}

/** Brings the summary and the report out of the bucket and shows the table. */
async function publish(
  objects: Objects,
  run: string,
  request: NightRequest,
  progress: Progress,
): Promise<RunSummary> {
  const made = await objects.getJson(runs.summary(run), runSummary);
  const report = join(request.out, 'report', 'index.html');
  mkdirSync(dirname(report), { recursive: true });
  writeFileSync(report, await objects.getBytes(runs.report(run)));
  const seconds = Math.round((Date.now() - request.startedAt) / 100) / 10;
  const summary: RunSummary = { ...made, seconds, report };
  writeFileSync(join(request.out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  progress.say('done');
  console.log(`\n${summaryTable(summary)}\n\nReport: ${report}`);
  return summary;
}
