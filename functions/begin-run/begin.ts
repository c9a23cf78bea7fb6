import { listIngested } from '#functions/shared/ingested-parts.ts';
import { explainDifferences, readRunConfig } from '#functions/shared/run-config.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ConfigError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { interactions, items, runs, uploads } from '#lib/contracts/keys.ts';
import { type RunManifest, type RunStatus, runManifest, runStatus } from '#lib/contracts/run.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';
import { toJson } from '#platform/objects.ts';

export interface RunRequest {
  readonly run: string;
  readonly execution: string;
  readonly now: Date;
  readonly config: PipelineConfig;
}

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
 * Fixes what the run works on, or finds what an earlier attempt fixed, and counts the attempt.
 *
 * @throws MissingArtefactError when nothing has been ingested
 * @throws ConfigError when an earlier attempt of this run had another configuration, or a model wants what no night makes
 */
export async function beginRun(
  objects: Objects,
  request: RunRequest,
): Promise<{ attempt: number }> {
  const { run, execution, now, config } = request;
  expectNoTexts(config);
  await fixConfig(objects, run, config);
  const begun = await objects.getVersion(runs.manifest(run), runManifest);
  const manifest: RunManifest = begun?.value ?? {
    run,
    createdAt: now.toISOString(),
    inputs: await snapshot(objects),
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

/** Item vectors are made by hand (`lea vectors`); a night would only find out when it trains. */
function expectNoTexts({ training }: PipelineConfig): void {
  const model = training.models.find(({ text }) => text !== undefined);
  if (model === undefined) return;
  throw new ConfigError(
    `training.models: "${model.name}" has "text", but a night makes no item vectors. Leave "text" out; \`lea vectors\` and \`lea experiment --vectors FILE\` try such a model.`,
  );
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

/** The parts of whole uploads as they are now; what is still being read waits for the next run. */
async function snapshot(objects: Objects): Promise<RunManifest['inputs']> {
  const log = await listIngested(objects, interactions.prefix);
  const catalogue = await listIngested(objects, items.prefix);
  if (log.parts.length > 0) {
    return { interactions: log.parts.map(asInput), items: catalogue.parts.map(asInput) };
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
