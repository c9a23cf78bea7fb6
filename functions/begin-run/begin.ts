import { listCatalogue } from '#functions/shared/catalogue-objects.ts';
import { listIngested } from '#functions/shared/ingested-parts.ts';
import { explainDifferences, readRunConfig } from '#functions/shared/run-config.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ConfigError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { interactions, runs, trials, uploads } from '#lib/contracts/keys.ts';
import { releaseLock, takeLock } from '#lib/contracts/lock.ts';
import { type RunManifest, type RunStatus, runManifest, runStatus } from '#lib/contracts/run.ts';
import {
  applyTrial,
  environmentTrial,
  planTrial,
  type TrialPlan,
  trialPlan,
} from '#lib/promotion/environment-trial.ts';
import { applyRenewal } from '#lib/promotion/renewal.ts';
import { toJson } from '#platform/json.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';
import { newestWork, wouldRepeat } from './earlier.ts';
import { fixRenewal } from './renewal.ts';

export interface RunRequest {
  readonly run: string;
  readonly execution: string;
  readonly now: Date;
  readonly config: PipelineConfig;
  /** Nobody asked for this very run, so one that would only do again what the last one did is left out. */
  readonly isRoutine: boolean;
}

/** The number of the attempt, or the run that has done the same already. */
export type Begun = { readonly attempt: number } | { readonly unchangedSince: string };

/** A run that succeeded is not run again under its name (schedulers deliver at least once). */
export async function isFinished(objects: Objects, run: string): Promise<boolean> {
  const status = await objects.getVersion(runs.status(run), runStatus);
  return status?.value.status === 'succeeded';
}

/** @throws MissingArtefactError when somebody wants to go on with a run that never began, as after a slip in its name */
export async function expectBegun(objects: Objects, run: string): Promise<void> {
  if ((await objects.head(runs.manifest(run))) !== undefined) return;
  throw new MissingArtefactError(
    `There is no run ${run} to resume: it never began (${runs.manifest(run)} is missing). Check the name, or leave "resume" out to begin it.`,
  );
}

/**
 * `beginRun` by the one execution that has the lock, which goes on holding it unless nothing was begun.
 *
 * @throws ConflictError when another execution has it, and what `beginRun` throws
 */
export async function beginAlone(objects: Objects, request: RunRequest): Promise<Begun> {
  const { run, execution, now, config } = request;
  const maximumHours = config.operations.maximumRunHours;
  await takeLock(objects, { run, execution, now, maximumHours });
  let begun: Begun | undefined;
  try {
    begun = await beginRun(objects, request);
    return begun;
  } finally {
    if (begun === undefined || 'unchangedSince' in begun)
      await releaseLock(objects, execution, now);
  }
}

/**
 * Fixes what the run works on, or finds what an earlier attempt fixed, and counts the attempt. A routine run that has
 * nothing new to work on is only noted as skipped.
 *
 * @throws MissingArtefactError when nothing has been ingested
 * @throws ConfigError when an earlier attempt of this run had another configuration
 */
export async function beginRun(objects: Objects, request: RunRequest): Promise<Begun> {
  const { run, execution, now, isRoutine } = request;
  const trial = await readTrial(objects, request);
  const configured = applyTrial(request.config, trial);
  const begun = await objects.getVersion(runs.manifest(run), runManifest);
  const earlier = begun === undefined ? await newestWork(objects) : undefined;
  const inputs = begun?.value.inputs ?? (await snapshot(objects, earlier?.inputs));
  if (isRoutine && earlier && (await wouldRepeat(objects, earlier, inputs, configured))) {
    await objects.putJson(runs.status(run), {
      run,
      status: 'skipped',
      startedAt: now.toISOString(),
      endedAt: now.toISOString(),
      unchangedSince: earlier.run,
    } satisfies RunStatus);
    return { unchangedSince: earlier.run };
  }
  await objects.putIfAbsent(runs.trial(run), toJson(trial));
  const ahead = { run, config: configured, trial, inputs, now };
  const config = applyRenewal(configured, await fixRenewal(objects, ahead, earlier));
  await fixConfig(objects, run, config);
  const manifest: RunManifest = begun?.value ?? {
    run,
    createdAt: now.toISOString(),
    inputs,
    attempts: [],
  };
  const again = manifest.attempts.findIndex((attempt) => attempt.execution === execution);
  const attempts =
    again >= 0
      ? manifest.attempts
      : [...manifest.attempts, { execution, startedAt: now.toISOString() }];
  if (again < 0) {
    const body = toJson({ ...manifest, attempts } satisfies RunManifest);
    if (begun === undefined) await objects.putBytes(runs.manifest(run), body);
    else await objects.putIfMatch(runs.manifest(run), body, begun.etag);
  }
  const status: RunStatus = { run, status: 'running', startedAt: now.toISOString() };
  await objects.putJson(runs.status(run), status);
  return { attempt: again >= 0 ? again + 1 : attempts.length };
}

/** What the run does about the environment: as an earlier attempt had it, or as the last trial has it now. */
async function readTrial(objects: Objects, { run, config, now }: RunRequest): Promise<TrialPlan> {
  const fixed = await objects.getVersion(runs.trial(run), trialPlan);
  if (fixed !== undefined) return fixed.value;
  const last = await objects.getVersion(trials.environment, environmentTrial);
  return planTrial(config, last?.value, now);
}

async function fixConfig(objects: Objects, run: string, config: PipelineConfig): Promise<void> {
  const body = toJson(config);
  if (await objects.putIfAbsent(runs.config(run), body)) return;
  const differences = explainDifferences(await readRunConfig(objects, run), config);
  if (differences === '') return;
  throw new ConfigError(
    `Run ${run} was begun with another configuration (${runs.config(run)}):\n${differences}\nGive this one another run name, or go back to the configuration it was begun with. What nobody set may be a default of another release: set it to what it was.`,
  );
}

/**
 * The parts of whole uploads as they are now; what is still being read waits for the next run.
 *
 * @param known what an earlier run took: reports of those uploads need not be read again
 */
async function snapshot(
  objects: Objects,
  known: RunManifest['inputs'] | undefined,
): Promise<RunManifest['inputs']> {
  const log = await listIngested(objects, interactions.prefix, known?.interactions);
  const catalogue = await listCatalogue(objects, known?.items);
  if (log.parts.length > 0) {
    return { interactions: log.parts.map(asInput), items: catalogue.map(asInput) };
  }
  const unfinished =
    log.others === 0
      ? ''
      : ' What is there belongs to uploads that are still being read or failed.';
  throw new MissingArtefactError(
    `There are no interactions to learn from: upload a log below ${uploads.logsPrefix} and wait for its report below ${uploads.reportPrefix}.${unfinished}`,
  );
}

const asInput = ({ key, etag, bytes }: ObjectSummary) => ({ key, etag, size: bytes });
