import * as z from 'zod';
import { runs } from '#lib/contracts/keys.ts';
import { lockHolder } from '#lib/contracts/lock.ts';
import { type RunStatus, runStatus } from '#lib/contracts/run.ts';
import type { Objects } from '#platform/objects.ts';

/** As much of a run's summary, also of another release's, as tells how it ended. */
const outcome = z.looseObject({ verdict: z.string() });

/** A run as its status and summary tell it. */
export type Night = RunStatus & {
  /** The verdict in words; absent while there is none. */
  readonly verdict?: string | undefined;
  /** Whether an execution works on it; one that is `running` without was stopped. */
  readonly isAtWork: boolean;
};

/** All runs that are kept, the newest first. */
export async function listNights(objects: Objects): Promise<Night[]> {
  const holder = await lockHolder(objects);
  const nights: Night[] = [];
  for await (const folder of objects.folders(runs.root)) {
    const run = folder.slice(runs.root.length, -1);
    const status = await objects.getVersion(runs.status(run), runStatus);
    if (status === undefined) continue;
    const summary =
      status.value.status === 'succeeded'
        ? await objects.getVersion(runs.summary(run), outcome)
        : undefined;
    const isAtWork = status.value.status === 'running' && holder?.run === run;
    nights.push({ ...status.value, verdict: summary?.value.verdict, isAtWork });
  }
  return nights.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

/** The newest run that has a report; undefined while there is none. */
export async function newestReport(objects: Objects): Promise<string | undefined> {
  for (const { run } of await listNights(objects)) {
    if ((await objects.head(runs.report(run))) !== undefined) return run;
  }
  return undefined;
}

/** The newest run that knows everybody's histories; undefined while there is none. */
export async function newestHistories(objects: Objects): Promise<string | undefined> {
  for (const { run } of await listNights(objects)) {
    if ((await objects.head(runs.everybodyManifest(run))) !== undefined) return run;
  }
  return undefined;
}
