import { knownItemsKeys, listCatalogue } from '#functions/shared/catalogue-objects.ts';
import type { AnnounceUpload } from '#functions/shared/upload-events.ts';
import type { InboxSource } from '#lib/contracts/config/inbox.ts';
import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { UnavailableError, ValidationError } from '#lib/contracts/errors.ts';
import { deletions, uploads } from '#lib/contracts/keys.ts';
import {
  emptyMessage,
  type UploadFacts,
  type UploadReport,
  unreadReport,
} from '#lib/interactions/report.ts';
import {
  endings,
  formatOf,
  kindOf,
  leftoverOf,
  settingsOf,
  type UploadPlan,
  uploadId,
  uploadPlan,
} from '#lib/interactions/upload-plan.ts';
import { toJson } from '#platform/json.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';
import { expectWithinQuota } from './quota.ts';
import { scanFile } from './scan.ts';

/** What became of an "Object Created" event. */
export type PlanOutcome =
  | { readonly state: 'ignored'; readonly why: string }
  /** Nothing of the file is to be parsed; the report that says why is written. */
  | { readonly state: 'unread'; readonly report: UploadReport }
  /** An earlier call has come to the upload's report. */
  | { readonly state: 'reported'; readonly upload: string }
  /** The ranges are to be parsed. */
  | { readonly state: 'planned'; readonly plan: UploadPlan };

export interface PlanRequest {
  readonly key: string;
  /** The version that the event is about, where the event says so. */
  readonly etag: string | undefined;
  readonly now: Date;
  readonly config: InteractionsConfig;
  /** Who has a quota. */
  readonly sources: readonly InboxSource[];
  readonly announce: AnnounceUpload;
  readonly signal?: AbortSignal;
}

/** Logs wait so long for a catalogue that arrived shortly before them; one that takes longer is stuck. */
const CATALOGUE_PATIENCE_MILLISECONDS = 15 * 60_000;

/**
 * Decides how an uploaded object is read and writes that down, or reports why it cannot be read. Calling it again
 * for the same version gives the same plan.
 *
 * @throws UnavailableError, among others, when it should be called again later
 */
export async function planUpload(objects: Objects, request: PlanRequest): Promise<PlanOutcome> {
  const { key, etag } = request;
  const kind = kindOf(key);
  if (kind === undefined) return { state: 'ignored', why: 'not below logs/ or catalog/' };
  const file = await objects.head(key);
  if (file === undefined) return { state: 'ignored', why: 'deleted before it was read' };
  const leftover = leftoverOf(key);
  if (leftover !== undefined && file.bytes === 0) return { state: 'ignored', why: leftover };
  if (etag !== undefined && unquoted(etag) !== unquoted(file.etag)) {
    return { state: 'ignored', why: 'replaced; the newer version has an event of its own' };
  }

  if (await objects.head(deletions.rewriting(key))) {
    throw new UnavailableError(
      `${key} is being written anew without the rows of somebody who is to be forgotten.`,
    );
  }
  const upload = uploadId({ bucket: objects.bucket, ...file });
  if (await objects.head(uploads.report(upload))) return { state: 'reported', upload };
  const existing = await objects.getVersion(uploads.plan(upload), uploadPlan);
  if (existing) return { state: 'planned', plan: existing.value };

  const arrivedAt = file.lastModified.toISOString();
  const facts: UploadFacts = { upload, key, kind, arrivedAt, bytes: file.bytes };
  const unread = async (status: UploadReport['status'], why: string): Promise<PlanOutcome> => {
    const report = unreadReport(facts, status, why);
    await request.announce(report);
    const first = await objects.putIfAbsent(uploads.report(upload), toJson(report));
    return first ? { state: 'unread', report } : { state: 'reported', upload };
  };
  if (leftover !== undefined) return unread('ignored', `${key} was not read: ${leftover}.`);
  let plan: UploadPlan | undefined;
  try {
    await expectWithinQuota(objects, request.sources, facts);
    plan = await createPlan(objects, request, file, facts);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return unread('failed', error.message);
  }
  if (plan === undefined) return unread('succeeded', emptyMessage(key));
  if (await objects.putIfAbsent(uploads.plan(upload), toJson(plan))) {
    return { state: 'planned', plan };
  }
  // Another delivery of the event was faster: its plan counts.
  return { state: 'planned', plan: await objects.getJson(uploads.plan(upload), uploadPlan) };
}

/** @returns undefined when the file has no rows */
async function createPlan(
  objects: Objects,
  { config, now, signal }: PlanRequest,
  file: ObjectSummary,
  facts: UploadFacts,
): Promise<UploadPlan | undefined> {
  const { key, kind, bytes } = facts;
  const format = formatOf(key);
  if (format === undefined) {
    throw new ValidationError(
      `The name ${key} does not say what the file is: it must end in ${endings}.`,
    );
  }
  const scan = bytes > 0 && (await scanFile(objects, file, kind, format, config, signal));
  if (!scan) return undefined;
  if (kind === 'logs') await waitForCatalogue(objects, now);
  return {
    ...facts,
    bucket: objects.bucket,
    etag: file.etag,
    format,
    ...scan,
    catalogue: kind === 'logs' ? await knownCatalogue(objects) : [],
    settings: settingsOf(config),
  };
}

/**
 * A catalogue that is still being read would make its items unknown.
 *
 * @throws UnavailableError until recent catalogue uploads have been reported on
 */
async function waitForCatalogue(objects: Objects, now: Date): Promise<void> {
  for await (const file of objects.list(uploads.catalogPrefix)) {
    const age = now.getTime() - file.lastModified.getTime();
    if (leftoverOf(file.key) !== undefined || age > CATALOGUE_PATIENCE_MILLISECONDS) continue;
    const upload = uploadId({ bucket: objects.bucket, ...file });
    if (await objects.head(uploads.report(upload))) continue;
    throw new UnavailableError(
      `The catalogue ${file.key} is still being read; logs that came after it wait for its items.`,
    );
  }
}

async function knownCatalogue(objects: Objects): Promise<string[]> {
  return knownItemsKeys(await listCatalogue(objects));
}

const unquoted = (etag: string) => etag.replaceAll('"', '');
