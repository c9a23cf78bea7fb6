import { readRows } from '#functions/shared/ingested-rows.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { type Impression, impression } from '#lib/contracts/impression.ts';
import { impressions } from '#lib/contracts/keys.ts';
import type { RunManifest } from '#lib/contracts/run.ts';
import { createAttribution } from '#lib/evaluation/attribution.ts';
import { gunzippedLines } from '#lib/interactions/packing.ts';
import { isAction } from '#lib/interactions/rewards.ts';
import type { ShownOutcome } from '#lib/report/sections/shown.ts';
import type { Objects } from '#platform/objects.ts';

const daySeconds = 86_400;

/**
 * What came of the lists of the last days, by what the run's snapshot of the logs says.
 *
 * @returns undefined where answers are not kept, or none of them is heard of again
 */
export async function gatherAttribution(
  objects: Objects,
  { createdAt, inputs }: Pick<RunManifest, 'createdAt' | 'inputs'>,
  { interactions, operations }: PipelineConfig,
): Promise<ShownOutcome | undefined> {
  const { impressions: settings, variants } = operations.serving;
  if (settings === null) return undefined;
  const until = Date.parse(createdAt) / 1000;
  const days = Array.from({ length: settings.reportDays + 1 }, (_, ago) =>
    new Date((until - ago * daySeconds) * 1000).toISOString().slice(0, 10),
  );
  const attribution = createAttribution({
    experiment: variants?.experiment ?? null,
    window: settings.windowHours * 3600,
  });
  let unreadable = 0;
  const since = until - settings.reportDays * daySeconds;
  for (const day of days) {
    for await (const { key } of objects.list(impressions.dayPrefix(day))) {
      for await (const one of readImpressions(objects, key)) {
        if (one === undefined) unreadable++;
        else if (one.time >= since && one.time <= until) attribution.addImpression(one);
      }
    }
  }
  for (const part of inputs.interactions) {
    // What was done since then arrived since then.
    if ((/dt=([\d-]+)\//.exec(part.key)?.[1] ?? '') < days.at(-1)!) continue;
    for await (const rows of readRows(objects, part)) {
      for (const row of rows) {
        if (row.timestamp < since || row.timestamp > until) continue;
        if (isAction(interactions, row)) attribution.addAction(row);
      }
    }
  }
  const found = attribution.finish();
  return found && { ...found, unreadable };
}

/** The impressions of an object; undefined for a line that is none, as another release may have written, and for damage. */
async function* readImpressions(
  objects: Objects,
  key: string,
): AsyncGenerator<Impression | undefined> {
  try {
    for await (const line of gunzippedLines(await objects.getStream(key), key)) {
      if (line !== '') yield readImpression(line);
    }
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    yield undefined;
  }
}

function readImpression(line: string): Impression | undefined {
  try {
    return impression.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
