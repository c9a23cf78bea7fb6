import * as z from 'zod';
import { ConflictError } from './errors.ts';
import { locks } from './keys.ts';
import type { VersionedObjects } from './objects.ts';

/**
 * `locks/run.json`: which execution is at work, and on which run. It is never deleted, but marked as released: S3 can
 * compare and swap, while a delete would hit whoever took the lock a moment ago.
 */
export const lock = z.strictObject({
  run: z.string(),
  /** Name of the Step Functions execution; runs may have several, one after the other. */
  execution: z.string(),
  /** True while users are forgotten: no execution of the state machine has it, and the janitor leaves it alone. */
  isDeletion: z.boolean().optional(),
  /** ISO 8601. */
  takenAt: z.string(),
  /** By then the execution has ended for certain, ISO 8601; absent in locks of older releases. */
  expiresAt: z.string().optional(),
  /** ISO 8601; the lock is free from then on. */
  releasedAt: z.string().optional(),
});

export type Lock = z.infer<typeof lock>;

/** Who asks for the lock, and when. */
export interface LockRequest {
  readonly run: string;
  readonly execution: string;
  readonly now: Date;
  /** How long an execution may take. */
  readonly maximumHours: number;
  /** Whether it is a deletion of users. @default false */
  readonly isDeletion?: boolean;
}

export type LockObjects = Pick<VersionedObjects, 'getVersion' | 'putIfAbsent' | 'putIfMatch'>;

/** Attempts before somebody who loses every race gives up. */
const attempts = 5;

/**
 * Takes the one lock of the pipeline by conditional writes; asking twice from one execution is harmless. It is taken
 * over only from an execution that must have ended by now; of one that was killed earlier, the janitor (on one machine,
 * the next command) gives the lock back.
 *
 * @throws ConflictError when another execution holds it
 */
export async function takeLock(objects: LockObjects, request: LockRequest): Promise<void> {
  const { run, execution, now, maximumHours, isDeletion } = request;
  const body = toJson({
    run,
    execution,
    ...(isDeletion === true && { isDeletion }),
    takenAt: now.toISOString(),
    expiresAt: hoursAfter(now.toISOString(), maximumHours),
  });
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const current = await objects.getVersion(locks.run, lock);
    if (current === undefined) {
      if (await objects.putIfAbsent(locks.run, body)) return;
      continue;
    }
    const holder = current.value;
    if (isHeld(holder) && holder.execution === execution) return;
    const expiresAt = holder.expiresAt ?? hoursAfter(holder.takenAt, maximumHours);
    if (isHeld(holder) && now.toISOString() <= expiresAt) throw heldBy(holder, expiresAt);
    if (await swapped(objects, body, current.etag)) return;
  }
  throw new ConflictError(
    'The lock changed hands each time that it was asked for: other executions begin and end at this moment. Start the run again when they are done.',
  );
}

/**
 * Gives the lock back if this execution holds it.
 *
 * @returns false when it does not, as when it has been given back before
 */
export async function releaseLock(
  objects: LockObjects,
  execution: string,
  now: Date,
): Promise<boolean> {
  const current = await objects.getVersion(locks.run, lock);
  if (current === undefined || !isHeld(current.value)) return false;
  if (current.value.execution !== execution) return false;
  return swapped(
    objects,
    toJson({ ...current.value, releasedAt: now.toISOString() }),
    current.etag,
  );
}

/** For where nobody else can be at work: gives back what somebody holds who was killed. */
export async function releaseLeftLock(objects: LockObjects): Promise<void> {
  const holder = await lockHolder(objects);
  if (holder !== undefined) await releaseLock(objects, holder.execution, new Date());
}

/** Who holds the lock, whether still at work or not; undefined when nobody does. */
export async function lockHolder(
  objects: Pick<VersionedObjects, 'getVersion'>,
): Promise<Lock | undefined> {
  const current = await objects.getVersion(locks.run, lock);
  return current !== undefined && isHeld(current.value) ? current.value : undefined;
}

/**
 * For what may be done by the execution alone that holds the lock.
 *
 * @throws ConflictError when it does not: it was stopped, and goes on by a redrive, after the janitor has cleaned up
 */
export async function requireLock(
  objects: Pick<VersionedObjects, 'getVersion'>,
  execution: string,
): Promise<void> {
  const holder = await lockHolder(objects);
  if (holder?.execution === execution) return;
  const now = holder === undefined ? 'nobody does' : `run ${holder.run} does`;
  throw new ConflictError(
    `Execution ${execution} does not hold the lock any more, ${now}: it was stopped, and what it left has been removed. A redrive does not begin again; start the run with "resume": true instead.`,
  );
}

const isHeld = ({ releasedAt }: Lock): boolean => releasedAt === undefined;

/** @returns false when somebody else was faster */
async function swapped(objects: LockObjects, body: string, etag: string): Promise<boolean> {
  try {
    await objects.putIfMatch(locks.run, body, etag);
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}

function heldBy({ run, execution, takenAt }: Lock, expiresAt: string): ConflictError {
  return new ConflictError(
    `Run ${run} (execution ${execution}) holds the lock since ${takenAt}. Wait for its end. If it was stopped, the janitor gives the lock back within minutes, at the latest at ${expiresAt} anybody may take it; then start this run again.`,
  );
}

function hoursAfter(time: string, hours: number): string {
  return new Date(Date.parse(time) + hours * 3_600_000).toISOString();
}

const toJson = (value: Lock): string => `${JSON.stringify(value, null, 2)}\n`;
