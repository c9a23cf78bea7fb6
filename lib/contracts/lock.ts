import * as z from 'zod';
import { ConflictError } from './errors.ts';
import { locks } from './keys.ts';
import type { VersionedObjects } from './objects.ts';

/** `locks/run.json`: who is at work. */
export const lock = z.strictObject({ run: z.string(), execution: z.string(), takenAt: z.string() });

/** Who asks for the lock, and when. */
export interface LockRequest {
  readonly run: string;
  readonly execution: string;
  readonly now: Date;
  /** A lock older than this is left over from a run that was killed. */
  readonly maximumHours: number;
  /** Take over a lock that an earlier, ended execution of the same run left behind. */
  readonly resume: boolean;
}

/**
 * Takes the one lock of the pipeline by conditional writes; asking twice from one execution is harmless.
 *
 * @throws ConflictError when another execution holds it
 */
export async function takeLock(objects: VersionedObjects, request: LockRequest): Promise<void> {
  const { run, execution, now } = request;
  const body = JSON.stringify({ run, execution, takenAt: now.toISOString() });
  if (await objects.putIfAbsent(locks.run, body)) return;
  const current = await objects.getVersion(locks.run, lock);
  // Released between the two calls: try again.
  if (current === undefined) return takeLock(objects, request);
  const holder = current.value;
  if (holder.execution === execution) return;
  const ageHours = (now.getTime() - Date.parse(holder.takenAt)) / 3_600_000;
  if (ageHours > request.maximumHours || (request.resume && holder.run === run)) {
    await objects.putIfMatch(locks.run, body, current.etag);
    return;
  }
  throw new ConflictError(
    `Run ${holder.run} (execution ${holder.execution}) holds the lock since ${holder.takenAt}. Wait for its end; if it was killed, start it again with {"run": "${holder.run}", "resume": true}.`,
  );
}

/** Gives the lock back if this run holds it. */
export async function releaseLock(objects: VersionedObjects, run: string): Promise<void> {
  const current = await objects.getVersion(locks.run, lock);
  if (current === undefined || current.value.run !== run) return;
  await objects.remove([locks.run]);
}
