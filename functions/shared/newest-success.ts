import { runs } from '#lib/contracts/keys.ts';
import { type RunStatus, runStatus } from '#lib/contracts/run.ts';
import type { Objects } from '#platform/objects.ts';

/** The newest run that succeeded; undefined while there is none. */
export async function newestSuccess(objects: Objects): Promise<RunStatus | undefined> {
  let newest: RunStatus | undefined;
  for await (const folder of objects.folders(runs.root)) {
    const run = folder.slice(runs.root.length, -1);
    const status = (await objects.getVersion(runs.status(run), runStatus))?.value;
    if (status?.status !== 'succeeded') continue;
    if (newest === undefined || status.startedAt > newest.startedAt) newest = status;
  }
  return newest;
}
