import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import { uploadId } from '#lib/interactions/upload-plan.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import type { DataFile } from '../data/expand-files.ts';
import { asCalled, quoted } from '../process/called.ts';
import { listenForInterruption } from '../process/interruption.ts';
import { type NightCloud, withNightCloud } from './night-cloud.ts';
import { readNight, writeNight } from './night-file.ts';
import { Progress } from './progress.ts';
import { type UploadContext, uploadAndWait } from './uploads.ts';

/** Files of a history; logs in the order in which they are uploaded. */
export interface History {
  readonly items: readonly DataFile[];
  readonly interactions: readonly DataFile[];
}

const lookAgainMilliseconds = 3000;
const goesOn = 'stopped; what was uploaded stays, and the same command goes on from here';

/** Uploads a history for the nights of a folder. @returns the exit code */
export async function backfillHere(cloud: NightCloud, history: History): Promise<number> {
  const progress = new Progress(Date.now());
  using interruption = listenForInterruption(() => progress.say(goesOn));
  const { signal } = interruption;
  const { out, configText: config } = cloud;
  // No run of this name begins: the next one has a name of its own.
  const before = readNight(out) ?? { run: 'none', finished: true, config, uploaded: {} };
  const night = { ...before, config };
  return await withNightCloud(cloud, progress, signal, async (started) => {
    const objects = createObjects(started.s3, started.outputs.DataBucketName!);
    const save = () => writeNight(out, night);
    save();
    const drained = (stop: AbortSignal) => started.drained(stop);
    await upload(history, progress, { objects, night, save, drained, signal });
    progress.say(asCalled(`\`npx lea start --out ${quoted(out)}\` begins a night on it.`));
    return 0;
  });
}

const journal = z.strictObject({ uploaded: z.record(z.string(), z.string()) });

/** Uploads a history into a bucket on AWS. @returns the exit code */
export async function backfillBucket(
  objects: Objects,
  history: History,
  journalFile: string,
): Promise<number> {
  const progress = new Progress(Date.now());
  using interruption = listenForInterruption(() => progress.say(goesOn));
  const { signal } = interruption;
  const night = readJournal(journalFile);
  const save = () => {
    writeFileSync(`${journalFile}.tmp`, `${JSON.stringify(night, null, 2)}\n`);
    renameSync(`${journalFile}.tmp`, journalFile);
  };
  const keys = [
    ...history.items.map(({ name }) => uploads.catalogPrefix + name),
    ...history.interactions.map(({ name }) => uploads.logsPrefix + name),
  ];
  const drained = () => reported(objects, keys, progress, signal);
  await upload(history, progress, { objects, night, save, drained, signal });
  return 0;
}

async function upload(
  { items, interactions }: History,
  progress: Progress,
  context: UploadContext,
): Promise<void> {
  for (const [prefix, files, what] of [
    // Rows of unknown items are quarantined.
    [uploads.catalogPrefix, items, 'items'],
    [uploads.logsPrefix, interactions, 'interactions'],
  ] as const) {
    if (files.length === 0) continue;
    const reports = await uploadAndWait(prefix, files, {
      ...context,
      onFile: (file, all) =>
        progress.working(`uploading ${what}`, {
          stage: `${file} of ${all} files`,
          progress: file / all,
        }),
    });
    progress.say(`${describe(reports)} ${what} of ${files.length} files`);
  }
}

function describe(reports: readonly UploadReport[]): string {
  const sum = (count: 'good' | 'quarantined' | 'duplicate') =>
    reports.reduce((total, report) => total + report[count], 0);
  return `took ${sum('good')} (${sum('quarantined')} quarantined, ${sum('duplicate')} duplicate)`;
}

/** Waits until every upload that is there has its report. */
async function reported(
  objects: Objects,
  keys: readonly string[],
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const left = new Set(keys);
  for (;;) {
    for (const key of left) {
      const found = await objects.head(key);
      if (found === undefined) continue;
      const upload = uploadId({ bucket: objects.bucket, ...found });
      if ((await objects.head(uploads.report(upload))) !== undefined) left.delete(key);
    }
    const there = await Promise.all([...left].map((key) => objects.head(key)));
    const waiting = there.filter((found) => found !== undefined).length;
    if (waiting === 0) return;
    const done = keys.length - left.size;
    progress.working('ingestion', {
      stage: `${done} of ${keys.length} files`,
      progress: done / keys.length,
    });
    await sleep(lookAgainMilliseconds, undefined, { signal });
  }
}

function readJournal(file: string): z.infer<typeof journal> {
  if (!existsSync(file)) return { uploaded: {} };
  try {
    return journal.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new ValidationError(
      `${file} is no journal of \`lea backfill\`: remove it, or name another one with --journal.`,
      { cause },
    );
  }
}
