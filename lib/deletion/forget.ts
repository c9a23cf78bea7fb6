import { championPointer, championRecord } from '#lib/contracts/champion.ts';
import { ConflictError, UnavailableError } from '#lib/contracts/errors.ts';
import { deletions, runs, serving, uploads } from '#lib/contracts/keys.ts';
import { releaseLock, takeLock } from '#lib/contracts/lock.ts';
import { runStatus } from '#lib/contracts/run.ts';
import { type Holder, holders, restWithout } from './holders.ts';
import { repairManifests, runsOf } from './manifests.ts';
import type { DeletionObjects, Stored } from './objects.ts';
import { emptyProgress, type Progress } from './progress.ts';
import { type Found, searchEverywhere } from './search.ts';
import { forgetInUpload } from './uploads.ts';

/** What a deletion did and what it found afterwards. It names nobody. */
export interface DeletionReport {
  readonly deletion: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** How many users were to be forgotten. */
  readonly users: number;
  /** Objects that were written anew or removed, and how many rows of them went. */
  readonly changed: readonly { readonly key: string; readonly rows: number }[];
  /** Uploaded files that were removed as a whole, since their rows cannot be taken out one by one. */
  readonly removedUploads: readonly string[];
  /** Runs that had not ended well: what they had made is gone, and they begin anew when they are resumed. */
  readonly unfinishedRuns: readonly string[];
  /** Objects that were searched after it all, and those in which an id still stands. */
  readonly searched: number;
  readonly found: Found;
}

export interface Deletion {
  /** Its name; names the report. */
  readonly deletion: string;
  readonly users: ReadonlySet<string>;
  /** The clock. */
  readonly now: () => Date;
  /** Told of every object that is looked at. */
  readonly onObject?: (key: string) => void;
  /** Who does it: two at the same time differ. By default the deletion's own name. */
  readonly execution?: string;
  /** Longer than it takes for certain: then the lock may be taken from one that was killed. @default 6 */
  readonly maximumHours?: number;
  /** Key of the object that names the users: it is no finding. */
  readonly request?: string;
  /** What earlier attempts have gone through; this one adds to it. */
  readonly progress?: Progress;
  /** Aborted when the time is up. */
  readonly signal?: AbortSignal;
}

/** What arrives meanwhile is gone through again, so many times. */
const passes = 5;

/**
 * Takes all rows of some users out of a bucket, and searches every object afterwards. No run is at work meanwhile: it holds the
 * lock of the runs. Interrupted, it can be done again; done again, it changes nothing.
 *
 * @throws ConflictError while a run is at work: it is not disturbed
 * @throws UnavailableError when rows of these users keep arriving, and when the time is up: the next attempt goes on from
 *   `progress`
 */
export async function forgetUsers(
  objects: DeletionObjects,
  asked: Deletion,
): Promise<DeletionReport> {
  const { deletion, users, now, onObject, request, signal, maximumHours = 6 } = asked;
  const { execution = `forget-${deletion}`, progress = emptyProgress() } = asked;
  const startedAt = now().toISOString();
  const holder = { run: `forget-${deletion}`, execution, isDeletion: true };
  await takeLock(objects, { ...holder, now: now(), maximumHours });
  try {
    const changed = new Map<string, number>();
    const removedUploads: string[] = [];
    const unfinishedRuns = await resetUnfinishedRuns(objects);
    for (let pass = 1; ; pass++) {
      let isChanged = false;
      for await (const file of objects.list('')) {
        expectTime(signal);
        onObject?.(file.key);
        if (progress.clean.has(file)) continue;
        const outcome = await forgetIn(objects, file, users);
        if (outcome === undefined) {
          progress.clean.add(file);
          continue;
        }
        isChanged = true;
        changed.set(file.key, (changed.get(file.key) ?? 0) + outcome.rows);
        if (outcome.isRemovedUpload) removedUploads.push(file.key);
      }
      await repairManifests(objects, users);
      if (!isChanged) break;
      if (pass === passes) {
        throw new UnavailableError(
          `Rows of these users keep arriving: after ${passes} passes there were more. End their uploads, then do it again.`,
        );
      }
    }
    const search = await searchEverywhere(objects, users, {
      except: request,
      searched: progress.searched,
      onObject: () => expectTime(signal),
    });
    const report: DeletionReport = {
      deletion,
      startedAt,
      endedAt: now().toISOString(),
      users: users.size,
      changed: [...changed].map(([key, rows]) => ({ key, rows })),
      removedUploads,
      unfinishedRuns,
      ...search,
    };
    await objects.putJson(deletions.report(deletion), report);
    return report;
  } finally {
    await releaseLock(objects, execution, now());
  }
}

function expectTime(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new UnavailableError(
    'The time is up before all objects have been gone through. What has been done stays; the next attempt goes on.',
  );
}

/** @returns undefined for an object that has nothing of the users */
async function forgetIn(
  objects: DeletionObjects,
  file: Stored,
  users: ReadonlySet<string>,
): Promise<{ readonly rows: number; readonly isRemovedUpload: boolean } | undefined> {
  try {
    if (file.key.startsWith(uploads.logsPrefix)) {
      const { became, rows } = await forgetInUpload(objects, file, users);
      return became === 'untouched' ? undefined : { rows, isRemovedUpload: became === 'removed' };
    }
    const holder = holders.find(({ holds }) => holds(file.key));
    return holder && (await forgetInObject(objects, file, holder, users));
  } catch (error) {
    // Another version by now: the next pass looks at that one.
    if (error instanceof ConflictError) return { rows: 0, isRemovedUpload: false };
    throw error;
  }
}

async function forgetInObject(
  objects: DeletionObjects,
  { key, etag }: Stored,
  holder: Holder,
  users: ReadonlySet<string>,
) {
  const rest = restWithout(holder, await objects.getBytes(key, { etag }), users, key);
  if (rest === undefined) return undefined;
  if (rest.bytes.length === 0) await objects.remove([key]);
  else await objects.putIfMatch(key, rest.bytes, etag);
  return { rows: rest.rows, isRemovedUpload: false };
}

/**
 * Removes what runs have made that did not end well: they would go on from files whose rows are counted elsewhere. What is
 * served of them stays.
 *
 * @returns their names
 */
async function resetUnfinishedRuns(objects: DeletionObjects): Promise<string[]> {
  const served = await servedPrefixes(objects);
  const unfinished: string[] = [];
  for (const run of await runsOf(objects)) {
    const status = (await objects.getVersion(runs.status(run), runStatus))?.value.status;
    if (status === 'succeeded' || status === 'skipped') continue;
    const keep = [runs.manifest(run), runs.config(run), runs.status(run)];
    const gone: string[] = [];
    for await (const { key } of objects.list(runs.prefix(run))) {
      const isKept =
        keep.includes(key) ||
        key.startsWith(runs.everybodyPrefix(run)) ||
        served.some((prefix) => key.startsWith(prefix));
      if (!isKept) gone.push(key);
    }
    if (gone.length === 0) continue;
    await objects.remove(gone);
    unfinished.push(run);
  }
  return unfinished;
}

async function servedPrefixes(objects: DeletionObjects): Promise<string[]> {
  const now = await objects.getVersion(serving.champion, championPointer);
  const champions = now === undefined ? [] : [now.value];
  for await (const { key } of objects.list(serving.championHistoryPrefix)) {
    champions.push((await objects.getJson(key, championRecord)).champion);
  }
  return champions.flatMap(({ judged, serving }) => [judged, serving]);
}
