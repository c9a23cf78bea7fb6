import { createHash } from 'node:crypto';
import { ConflictError, UnavailableError, ValidationError } from '#lib/contracts/errors.ts';
import { deletions } from '#lib/contracts/keys.ts';
import { type DeletionReport, forgetUsers } from '#lib/deletion/forget.ts';
import { deletionProgress, Seen } from '#lib/deletion/progress.ts';
import { readUserList } from '#lib/deletion/user-list.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';

/** Users of one request, and its bytes: ids of 256 characters, with room. */
export const mostUsers = 10_000;
const mostBytes = 4 * 1024 * 1024;
/** Hours after which a request that is not done is a failure: no night takes so long. */
const overdueHours = 24;
/** An attempt has ended by then, however it ended. */
const attemptHours = 0.3;

export interface Attempt {
  /** Names this attempt. */
  readonly attempt: string;
  readonly now: () => Date;
  /** Aborted when the time is up. */
  readonly signal: AbortSignal;
}

/** What became of the requests that were there. */
export interface Outcome {
  readonly done: readonly DeletionReport[];
  /** Requests that have to wait: a run is at work, or the time was up. */
  readonly waiting: number;
  /** What is wrong with requests, and those that have waited for too long. */
  readonly failures: readonly Error[];
}

/**
 * Carries out what was asked for below `deletions/requests/`, one request after the other. A request is removed once its report has
 * been written; one that fails stays, and is tried again.
 */
export async function forgetRequested(objects: Objects, attempt: Attempt): Promise<Outcome> {
  const done: DeletionReport[] = [];
  const failures: Error[] = [];
  let waiting = 0;
  for await (const file of objects.list(deletions.requestsPrefix)) {
    // What a console writes for a folder.
    if (file.bytes === 0 && file.key.endsWith('/')) continue;
    try {
      done.push(await carryOut(objects, file, attempt));
    } catch (error) {
      const isLater = error instanceof ConflictError || error instanceof UnavailableError;
      const hours = (attempt.now().getTime() - file.lastModified.getTime()) / 3_600_000;
      if (isLater) waiting++;
      if (isLater && hours <= overdueHours) continue;
      failures.push(named(error as Error, file.key, isLater ? Math.floor(hours) : undefined));
    }
  }
  return { done, waiting, failures };
}

async function carryOut(
  objects: Objects,
  request: ObjectSummary,
  { attempt, now, signal }: Attempt,
): Promise<DeletionReport> {
  const users = await readRequest(objects, request);
  const deletion = nameOf(request);
  const before = await objects.getVersion(deletions.progress(deletion), deletionProgress);
  const progress = {
    clean: new Seen(before?.value.clean),
    searched: new Seen(before?.value.searched),
  };
  const names = { deletion, execution: `forget-${attempt}`, request: request.key };
  try {
    const asked = { ...names, users, now, signal, progress, maximumHours: attemptHours };
    const report = await forgetUsers(objects, asked);
    if (report.found.rows.length > 0) {
      throw new UnavailableError(`Rows are still in ${report.found.rows.length} objects.`);
    }
    await objects.remove([deletions.progress(deletion), request.key]);
    return report;
  } catch (error) {
    // Of a run that is at work nothing has been seen yet.
    if (!(error instanceof ConflictError)) {
      await objects.putJson(deletions.progress(deletion), progress);
    }
    throw error;
  }
}

async function readRequest(objects: Objects, { key, bytes, etag }: ObjectSummary) {
  if (bytes > mostBytes) throw tooLarge(`${bytes} bytes, at most ${mostBytes} are taken`);
  const content = await objects.getBytes(key, { etag });
  const users = readUserList(new TextDecoder().decode(content));
  if (users.size > mostUsers) throw tooLarge(`${users.size} users, at most ${mostUsers} are taken`);
  return users;
}

const tooLarge = (what: string) =>
  new ValidationError(`The list has ${what}: cut it into several, one object each.`);

/** The same for every attempt at one version of a request: when it arrived, and what of it nobody can read an id from. */
function nameOf({ key, etag, lastModified }: ObjectSummary): string {
  const arrived = lastModified.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const version = createHash('sha256').update(`${key} ${etag}`).digest('hex').slice(0, 8);
  return `${arrived}-${version}`;
}

function named(error: Error, key: string, hours: number | undefined): Error {
  const since = hours === undefined ? '' : ` has been waiting for ${hours} hours`;
  return new Error(`${key}${since}: ${error.message}`, { cause: error });
}
