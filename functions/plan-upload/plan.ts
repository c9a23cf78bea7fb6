import { listIngested } from '#functions/shared/ingested-parts.ts';
import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { UnavailableError, ValidationError } from '#lib/contracts/errors.ts';
import { items, uploads } from '#lib/contracts/keys.ts';
import {
  formatOf,
  isMarker,
  kindOf,
  settingsOf,
  type UploadPlan,
  uploadId,
  uploadPlan,
} from '#lib/interactions/plan.ts';
import { failedReport, type UploadFacts } from '#lib/interactions/report.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';
import { toJson } from '#platform/objects.ts';
import { scanFile } from './scan.ts';

/** What became of an "Object Created" event. */
export type PlanOutcome =
  | { readonly state: 'ignored'; readonly why: string }
  /** The file cannot be read; the report that says why is written. */
  | { readonly state: 'failed'; readonly upload: string; readonly why: string }
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
  if (isMarker(key)) return { state: 'ignored', why: 'a marker, not data' };
  const file = await objects.head(key);
  if (file === undefined) return { state: 'ignored', why: 'deleted before it was read' };
  if (etag !== undefined && unquoted(etag) !== unquoted(file.etag)) {
    return { state: 'ignored', why: 'replaced; the newer version has an event of its own' };
  }

  const upload = uploadId({ bucket: objects.bucket, ...file });
  if (await objects.head(uploads.report(upload))) return { state: 'reported', upload };
  const existing = await objects.getVersion(uploads.plan(upload), uploadPlan);
  if (existing) return { state: 'planned', plan: existing.value };

  const arrivedAt = file.lastModified.toISOString();
  const facts: UploadFacts = { upload, key, kind, arrivedAt, bytes: file.bytes };
  try {
    const plan = await createPlan(objects, request, file, facts);
    if (await objects.putIfAbsent(uploads.plan(upload), toJson(plan))) {
      return { state: 'planned', plan };
    }
    // Another delivery of the event was faster: its plan counts.
    return { state: 'planned', plan: await objects.getJson(uploads.plan(upload), uploadPlan) };
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    const report = toJson(failedReport(facts, error.message));
    const first = await objects.putIfAbsent(uploads.report(upload), report);
    return first ? { state: 'failed', upload, why: error.message } : { state: 'reported', upload };
  }
}

async function createPlan(
  objects: Objects,
  { config, now, signal }: PlanRequest,
  file: ObjectSummary,
  facts: UploadFacts,
): Promise<UploadPlan> {
  const { key, kind, bytes } = facts;
  if (bytes === 0) throw new ValidationError(`${key} is empty. Upload it with content.`);
  const format = formatOf(key);
  if (format === undefined) {
    throw new ValidationError(
      `The name ${key} does not say what the file is: it must end in .jsonl or .csv, gzipped also in .jsonl.gz or .csv.gz.`,
    );
  }
  if (kind === 'logs') await waitForCatalogue(objects, now);
  return {
    ...facts,
    bucket: objects.bucket,
    etag: file.etag,
    format,
    ...(await scanFile(objects, file, kind, format, config, signal)),
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
    if (isMarker(file.key) || age > CATALOGUE_PATIENCE_MILLISECONDS) continue;
    const upload = uploadId({ bucket: objects.bucket, ...file });
    if (await objects.head(uploads.report(upload))) continue;
    throw new UnavailableError(
      `The catalogue ${file.key} is still being read; logs that came after it wait for its items.`,
    );
  }
}

async function knownCatalogue(objects: Objects): Promise<string[]> {
  const { parts } = await listIngested(objects, items.prefix);
  return parts.map(({ key }) => key);
}

const unquoted = (etag: string) => etag.replaceAll('"', '');
