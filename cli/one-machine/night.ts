import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs, uploads } from '#lib/contracts/keys.ts';
import { releaseLeftLock } from '#lib/contracts/lock.ts';
import { needsBaseModel } from '#lib/contracts/needs.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import { type RunSummary, runSummary } from '#lib/report/summary.ts';
import { summaryTable } from '#lib/report/table.ts';
import type { ContainerProgress } from '#local/sagemaker/container.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { root } from '../../setup/paths.mjs';
import { filesFolder, mostUsers, renewFiles } from '../artefacts/export.ts';
import { describeReasons } from '../artefacts/upload-report.ts';
import type { DataFile } from '../data/expand-files.ts';
import { asCalled, quoted } from '../process/called.ts';
import { listenForInterruption } from '../process/interruption.ts';
import { executeStateMachine } from './execution.ts';
import { withNightCloud } from './night-cloud.ts';
import { readNight, writeNight } from './night-file.ts';
import { NightStages } from './night-stages.ts';
import { hasBegun, prepareNight } from './prepare-night.ts';
import { Progress, tellUsers } from './progress.ts';
import {
  expectSameBaseModel,
  type UploadContext,
  uploadAndWait,
  uploadBaseModel,
} from './uploads.ts';

export interface NightRequest {
  /** Files of the documented upload formats; none for a night on what is there already. */
  readonly interactions: readonly DataFile[];
  readonly items: readonly DataFile[];
  readonly config: PipelineConfig;
  /** The same as a file's text, for CDK; a change of it begins a new run. */
  readonly configText: string;
  /** Folder for the cloud's objects, the summary and the report. */
  readonly out: string;
  /** The run's name; by default today's date, numbered if that one is done. */
  readonly run?: string | undefined;
  /** A Hugging Face folder; by default the one that the set-up prepared under the configured name. */
  readonly baseModel?: string | undefined;
  /** Whether everybody's lists are among the files; they are, too, where the last night left them. */
  readonly lists?: boolean | undefined;
  /** Unix milliseconds at which the command was given, set-up included. */
  readonly startedAt: number;
}

/**
 * One night on one machine: starts the cloud, uploads, waits for ingestion, runs the state machine to its end, shows
 * what came out. Called again after an interruption, it goes on where it stopped.
 *
 * @returns the run's summary, also at `<out>/summary.json`
 * @throws Interrupted when somebody asked it to stop
 * @throws PipelineError that says what failed
 */
export async function runNight(request: NightRequest): Promise<RunSummary> {
  const progress = new Progress(request.startedAt);
  using interruption = listenForInterruption(() =>
    progress.say('stopping; what is being trained is saved (Ctrl-C once more ends it at once)'),
  );
  try {
    return await nightUntil(interruption.signal, request, progress);
  } catch (error) {
    // What fails because it was stopped is no failure.
    if (!interruption.signal.aborted) throw error;
    progress.say(
      `stopped; what had ended is kept in ${request.out}, and the same command goes on from here`,
    );
    throw interruption.signal.reason;
  }
}

async function nightUntil(
  signal: AbortSignal,
  request: NightRequest,
  progress: Progress,
): Promise<RunSummary> {
  const { out, configText } = request;
  const before = readNight(out);
  // Before anything is made ready.
  if (needsBaseModel(request.config)) {
    await expectSameBaseModel(before, baseModelName(request), baseModelFolder(request));
  }
  let stages: NightStages | undefined;
  const onContainer = (container: ContainerProgress) => stages?.container(container);
  return await withNightCloud({ out, configText, onContainer }, progress, signal, async (cloud) => {
    const objects = createObjects(cloud.s3, cloud.outputs.DataBucketName!);
    const night = await prepareNight(objects, request, before);
    await ingest(request, progress, {
      objects,
      night,
      save: () => writeNight(out, night),
      drained: (stop) => cloud.drained(stop),
      signal,
    });
    // One command at a time has the folder, so whoever holds the lock was killed.
    await releaseLeftLock(objects);
    const resume = await hasBegun(objects, night.run);
    stages = new NightStages(progress, night.run, night.took);
    await executeStateMachine(cloud, { run: night.run, resume }, stages, signal);
    // Of a night that went on, only the rest was seen.
    const took = resume ? night.took : stages.took;
    writeNight(out, { ...night, finished: true, ...(took !== undefined && { took }) });
    return await publish(objects, night.run, request, progress);
  });
}

const baseModelName = ({ config }: NightRequest) => config.environment.baseModel;
const baseModelFolder = (request: NightRequest) =>
  request.baseModel ?? join(root, '.cache/base-models', baseModelName(request));

async function ingest(
  request: NightRequest,
  progress: Progress,
  context: UploadContext,
): Promise<void> {
  if (needsBaseModel(request.config)) {
    await uploadBaseModel(baseModelName(request), baseModelFolder(request), context);
  }
  // The catalogue first: rows of unknown items are quarantined.
  for (const [prefix, files] of [
    [uploads.catalogPrefix, request.items],
    [uploads.logsPrefix, request.interactions],
  ] as const) {
    if (files.length === 0) continue;
    const begun = Date.now();
    const reports = await uploadAndWait(prefix, files, context);
    progress.done(`ingested ${describe(reports)}`, (Date.now() - begun) / 1000);
    for (const report of reports.filter(({ quarantined }) => quarantined > 0)) {
      progress.say([`${report.file}, in quarantine:`, ...describeReasons(report)].join('\n'));
    }
  }
}

function describe(reports: readonly UploadReport[]): string {
  const sum = (count: 'good' | 'quarantined' | 'duplicate' | 'omitted') =>
    reports.reduce((total, report) => total + report[count], 0);
  const others = (['quarantined', 'duplicate', 'omitted'] as const)
    .filter((name) => sum(name) > 0)
    .map((name) => `${sum(name)} ${name === 'omitted' ? 'left out' : name}`);
  const from = reports.length === 1 ? '' : ` of ${reports.length} files`;
  const left = others.length === 0 ? '' : ` (${others.join(', ')})`;
  return `${sum('good')} ${reports[0]?.kind === 'logs' ? 'interactions' : 'items'}${from}${left}`;
}

/** Brings what people look at out of the bucket and shows the table. */
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
  const users = await writeFiles(objects, run, request, progress);
  const seconds = Math.round((Date.now() - request.startedAt) / 100) / 10;
  const summary: RunSummary = { ...made, seconds, report };
  writeFileSync(join(request.out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  progress.say('done');
  const out = quoted(relative('.', request.out) || '.');
  console.log(
    [
      `\n${summaryTable(summary)}\n`,
      `Report: ${report}`,
      asCalled(`Lists:  npx lea recommend --out ${out} --user ID (everybody's: --all lists.csv)`),
      asCalled(`Page:   npx lea open --out ${out}`),
      `Files:  ${filesFolder(request.out)} (${users > 0 ? 'lists of all users, ' : ''}the model, reports of uploads, quarantined rows)`,
    ].join('\n'),
  );
  return summary;
}

/** @returns how many users have their list among the files */
async function writeFiles(
  objects: Objects,
  run: string,
  { out, lists }: NightRequest,
  progress: Progress,
): Promise<number> {
  const begun = Date.now();
  const { users } = await renewFiles(objects, out, { run, onUsers: tellUsers(progress), lists });
  progress.done('writing files to look at', (Date.now() - begun) / 1000);
  if (lists === true && users === 0) {
    const most = mostUsers.toLocaleString('en-US');
    progress.say(
      `lists.csv was not written, which is for up to ${most} users; lea recommend --all has no limit`,
    );
  }
  return users;
}
