import * as z from 'zod';
import { mapConcurrently } from '#functions/shared/concurrently.ts';
import { reports, runs } from '#lib/contracts/keys.ts';
import { renderIndex } from '#lib/report/night-index.ts';
import type { RunReport } from '#lib/report/run-report.ts';
import type { Objects } from '#platform/objects.ts';

/** As much of a run's summary, also of another release's, as the index shows. */
const outcome = z.looseObject({ verdict: z.string() });

/** Writes the page that leads to the reports of the last nights. */
export async function publishIndex(
  objects: Objects,
  { nights, verdict }: Pick<RunReport, 'nights' | 'verdict'>,
): Promise<void> {
  const found = await mapConcurrently(nights, async ({ run }) => {
    const summary = await objects.getVersion(runs.summary(run), outcome);
    return summary === undefined ? [] : [[run, summary.value.verdict] as const];
  });
  const page = renderIndex(nights, verdict.trend, new Map(found.flat()));
  await objects.putBytes(reports.index, page);
}
