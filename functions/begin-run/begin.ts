import { type PipelineConfig, pipelineConfig } from '#lib/contracts/config.ts';
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

/**
 * Fixes what the run works on, or finds what an earlier attempt fixed, and counts the attempt.
 *
 * @throws MissingArtefactError when nothing has been ingested
 * @throws ConfigError when an earlier attempt of this run had another configuration
 */
export async function beginRun(
  objects: Objects,
  request: RunRequest,
): Promise<{ attempt: number }> {
  const { run, execution, now, config } = request;
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

async function fixConfig(objects: Objects, run: string, config: PipelineConfig): Promise<void> {
  const body = toJson(config);
  if (await objects.putIfAbsent(runs.config(run), body)) return;
  const fixed = await objects.getJson(runs.config(run), pipelineConfig);
  if (toJson(fixed) === body) return;
  throw new ConfigError(
    `Run ${run} was begun with another configuration (${runs.config(run)}). Give this one another run name, or go back to the configuration it was begun with.`,
  );
}

async function snapshot(objects: Objects): Promise<RunManifest['inputs']> {
  const inputs = {
    interactions: await collect(objects.list(interactions.prefix)),
    items: await collect(objects.list(items.prefix)),
  };
  if (inputs.interactions.length > 0) return inputs;
  throw new MissingArtefactError(
    `There are no interactions to learn from: upload a log below ${uploads.logsPrefix} and wait for its report below ${uploads.reportPrefix}.`,
  );
}

async function collect(entries: AsyncIterable<ObjectSummary>) {
  const inputs: RunManifest['inputs']['interactions'] = [];
  for await (const { key, etag, bytes } of entries) inputs.push({ key, etag, size: bytes });
  return inputs;
}
