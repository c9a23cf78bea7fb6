import { type Champion, championPointer } from '#lib/contracts/champion.ts';
import { serving, uploads } from '#lib/contracts/keys.ts';
import { type Lock, lockHolder } from '#lib/contracts/lock.ts';
import { type UploadReport, uploadReport } from '#lib/interactions/report.ts';
import { readNights } from '#lib/promotion/nights.ts';
import type { PrequentialNight } from '#lib/promotion/prequential.ts';
import { compareInWords } from '#lib/promotion/words.ts';
import { duration } from '#lib/report/format.ts';
import { alignColumns } from '#lib/report/table.ts';
import type { Objects } from '#platform/objects.ts';
import { explainCause } from './causes.ts';
import { listNights, type Night } from './nights.ts';

/** How things stand: who serves, how nights and uploads ended. */
export interface Status {
  readonly champion: Champion | null;
  /** Who is at work. */
  readonly running: Pick<Lock, 'run' | 'takenAt'> | null;
  /** How the last night's champion did on what arrived; null before there was a night. */
  readonly arrived: PrequentialNight | null;
  /** The newest first. */
  readonly nights: readonly Night[];
  /** The newest uploads, the newest first; null stands for one without a report yet. */
  readonly uploads: readonly { readonly upload: string; readonly report: UploadReport | null }[];
  readonly uploadsInAll: number;
}

/** @param newest nights and uploads that are told about */
export async function readStatus(objects: Objects, newest: number): Promise<Status> {
  const champion = await objects.getVersion(serving.champion, championPointer);
  const holder = await lockHolder(objects);
  const { reports, inAll } = await readUploads(objects, newest);
  return {
    champion: champion?.value ?? null,
    running: holder === undefined ? null : { run: holder.run, takenAt: holder.takenAt },
    arrived: (await readNights(objects))[0] ?? null,
    nights: (await listNights(objects)).slice(0, newest),
    uploads: reports,
    uploadsInAll: inAll,
  };
}

/**
 * The reports of uploads, the newest first.
 *
 * @param newest how many at most
 * @param only that one
 * @param before those that arrived before it
 */
export async function readUploads(
  objects: Objects,
  newest: number,
  only?: string,
  before?: string,
): Promise<{ reports: Status['uploads']; inAll: number }> {
  // Their names begin with when they arrived.
  const names: string[] = [];
  if (only === undefined) {
    for await (const folder of objects.folders(uploads.reportPrefix)) {
      const name = folder.slice(uploads.reportPrefix.length, -1);
      if (before === undefined || name < before) names.push(name);
    }
  } else names.push(only);
  const reports: Status['uploads'][number][] = [];
  for (let end = names.length; end > 0 && reports.length < newest; end -= TOGETHER) {
    const begin = Math.max(0, end - Math.min(TOGETHER, newest - reports.length));
    const read = names.slice(begin, end).map(async (upload) => {
      const report = await objects.getVersion(uploads.report(upload), uploadReport);
      return { upload, report: report?.value ?? null };
    });
    reports.push(...(await Promise.all(read)).toReversed());
  }
  return { reports, inAll: names.length };
}

/** Reports that are read at the same time. */
const TOGETHER = 50;

/** The same as text for a terminal. */
export function describeStatus(status: Status): string {
  const { champion, running, arrived, nights, uploadsInAll } = status;
  const inService =
    champion === null
      ? 'Nothing is in service yet.'
      : `In service: ${champion.name} of run ${champion.run} since ${minute(champion.rolledBackAt ?? champion.promotedAt)}${champion.rolledBackAt === undefined ? '' : ' (rolled back)'}, test NDCG@10 ${champion.ndcg10.toFixed(4)}`;
  return [
    inService,
    ...(arrived === null ? [] : [describeArrived(arrived)]),
    ...(running === null ? [] : [`At work: run ${running.run} since ${minute(running.takenAt)}`]),
    '',
    ...nightsTable(nights),
    ...describeFailure(nights[0]),
    '',
    ...uploadsTable(status.uploads),
    ...(uploadsInAll > status.uploads.length
      ? [`... and ${uploadsInAll - status.uploads.length} earlier uploads`]
      : []),
    ...status.uploads.flatMap(({ report }) =>
      report === null || report.status === 'succeeded'
        ? []
        : ['', `${report.file}: ${report.message.replace(`${report.file} was`, 'was')}`],
    ),
  ].join('\n');
}

/** Nights with when they began and how they ended. */
export const nightsTable = (nights: readonly Night[]) =>
  table(['night', 'began', 'took', 'ended'], nights.map(describeNight));

/** Uploads with what became of their rows. */
export const uploadsTable = (listed: Status['uploads']) =>
  table(
    ['upload', 'arrived', 'file', 'ended', 'good', 'quarantined', 'duplicate'],
    listed.map(describeUpload),
  );

/** How who was in service did on the actions as they arrived, before anything learned from them. */
function describeArrived({ run, why, cases, ndcg10 }: PrequentialNight): string {
  if (ndcg10 === null) return `As of night ${run} nothing that arrived was predicted: ${why}`;
  const { champion, recentPopularity, difference } = ndcg10;
  const found = compareInWords('what was in service', 'recent popularity', {
    ...difference,
    difference: difference.value,
  });
  return `On ${cases} actions that arrived before night ${run}: ${found} (NDCG@10 ${champion.value.toFixed(4)} and ${recentPopularity.value.toFixed(4)})`;
}

const minute = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`;

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const [first = '', ...rest] = alignColumns(
    [header, ...rows],
    header.map((name) => (['good', 'quarantined', 'duplicate'].includes(name) ? 'right' : 'left')),
  );
  return [first, '-'.repeat(first.length), ...(rest.length === 0 ? ['none yet'] : rest)];
}

function describeNight(night: Night): string[] {
  const { run, startedAt, endedAt, verdict, failure, unchangedSince } = night;
  const seconds = endedAt && (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  const skipped = unchangedSince && `nothing was new since ${unchangedSince}`;
  const isStopped = night.status === 'running' && !night.isAtWork;
  const status = isStopped ? 'stopped; `lea resume` goes on with it' : night.status;
  const ended =
    failure?.Error === undefined ? (verdict ?? skipped ?? status) : `failed: ${failure.Error}`;
  return [run, minute(startedAt), seconds ? duration(seconds) : '', ended];
}

/** Why the newest night failed. */
function describeFailure(night: Night | undefined): string[] {
  const cause = night?.failure?.Cause;
  return cause === undefined ? [] : ['', `Night ${night!.run} failed: ${explainCause(cause)}`];
}

function describeUpload({ upload, report }: Status['uploads'][number]): string[] {
  if (report === null) return [upload, '', '', 'being read', '', '', ''];
  const { arrivedAt, file, status, good, quarantined, duplicate } = report;
  const counts = [good, quarantined, duplicate].map(String);
  return [upload, minute(arrivedAt), file, status, ...counts];
}
