import * as z from 'zod';
import { ConflictError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { resourcePrefix } from '#lib/contracts/job-name.ts';
import { runs } from '#lib/contracts/keys.ts';
import { lockHolder, releaseLock } from '#lib/contracts/lock.ts';
import { type RunStatus, runManifest, runStatus } from '#lib/contracts/run.ts';
import { toJson } from '#platform/json.ts';
import type { JsonService } from '#platform/json-service.ts';
import type { Objects } from '#platform/objects.ts';
import { removeExpired } from './expired.ts';
import { type Holder, idleNames } from './idle.ts';
import { deleteHosted, listHosted } from './sagemaker.ts';

export interface Sweep {
  readonly objects: Objects;
  readonly sagemaker: JsonService;
  readonly states: JsonService;
  /** The deployment's name. */
  readonly deployment: string;
  /** ARN of the state machine's executions, without `:<name>`. */
  readonly executionArn: string;
  readonly now: Date;
}

/** What a sweep found and did. */
export interface Swept {
  /** Endpoints that no run owns, and that are gone now. */
  readonly removed: string[];
  /** Endpoints that no run owns and that SageMaker does not let go of yet. */
  readonly left: string[];
  /** Hours since the oldest endpoint that still exists was created; 0 without any. */
  readonly oldestHours: number;
  /** Models and endpoint configurations whose environment has expired, and that are gone now. */
  readonly expired: string[];
  /** The run whose lock was released because its execution had ended without releasing it. */
  readonly releasedRun: string | null;
}

/**
 * Removes what runs left behind in SageMaker, and releases the lock of a run that was killed. Finding nothing to do is
 * the normal case.
 */
export async function sweep(parts: Sweep): Promise<Swept> {
  const { objects, sagemaker, deployment, now } = parts;
  // First what there is, then who owns it: a run takes the lock before it creates anything.
  const prefix = resourcePrefix(deployment);
  const found = await listHosted(sagemaker, 'Endpoint', prefix);
  const endpoints = found.filter(({ name }) => name.startsWith(prefix));
  const holder = await readHolder(parts);
  const removed: string[] = [];
  const left: string[] = [];
  const names = endpoints.map(({ name }) => name);
  for (const name of idleNames(names, deployment, holder)) {
    const gone = await deleteHosted(sagemaker, 'Endpoint', name);
    (gone ? removed : left).push(name);
  }
  const killed = holder !== undefined && !holder.running ? holder : undefined;
  if (killed !== undefined) {
    await recordKilled(parts, killed.run);
    await releaseLock(objects, killed.execution, now);
  }
  const remaining = endpoints.filter(({ name }) => !removed.includes(name));
  // What an endpoint is made of must outlive it, and there is no hurry.
  const expired = remaining.length > 0 ? [] : await removeExpired(sagemaker, objects, deployment);
  const ages = remaining.map(({ createdAt }) => (now.getTime() - createdAt.getTime()) / 3_600_000);
  return {
    removed,
    left,
    expired,
    oldestHours: Math.max(0, ...ages),
    releasedRun: killed?.run ?? null,
  };
}

const execution = z.looseObject({ status: z.string() });

async function readHolder(parts: Sweep): Promise<Holder | undefined> {
  const { objects, states, executionArn } = parts;
  const held = await lockHolder(objects);
  // Users are being forgotten: no run is at work, and whoever comes next takes the lock once it has expired.
  if (held === undefined || held.isDeletion === true) return undefined;
  const { run, execution: name } = held;
  const running = await states
    .call('DescribeExecution', { executionArn: `${executionArn}:${name}` }, execution)
    .then(({ status }) => status === 'RUNNING' || status === 'PENDING_REDRIVE')
    .catch((error: Error) => {
      // An execution that ended 90 days ago is forgotten.
      if (error instanceof MissingArtefactError || /ExecutionDoesNotExist/.test(error.message)) {
        return false;
      }
      throw error;
    });
  const manifest = await objects.getVersion(runs.manifest(run), runManifest);
  return { run, execution: name, running, attempts: manifest?.value.attempts ?? [] };
}

/**
 * A run that was stopped or ran out of time could not say so itself. Whatever another execution writes about the run
 * meanwhile is newer.
 */
async function recordKilled({ objects, now }: Sweep, run: string): Promise<void> {
  const begun = await objects.getVersion(runs.status(run), runStatus);
  if (begun?.value.status !== 'running') return;
  const status: RunStatus = {
    ...begun.value,
    status: 'failed',
    endedAt: now.toISOString(),
    failure: {
      Error: 'ExecutionEnded',
      Cause:
        'The execution was stopped or ran out of time before the run could end. Start it again with "resume": true.',
    },
  };
  await objects.putIfMatch(runs.status(run), toJson(status), begun.etag).catch((error) => {
    if (!(error instanceof ConflictError)) throw error;
  });
}
