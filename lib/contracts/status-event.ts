import * as z from 'zod';

/** `source` of the events that the pipeline puts on its own event bus, which is named after the deployment. */
export const statusEventSource = 'lea';

/** `detail-type`s, and when they occur. */
export const runEventTypes = {
  running: 'Run Started',
  succeeded: 'Run Succeeded',
  failed: 'Run Failed',
  /** Nothing was new since a run that succeeded. */
  skipped: 'Run Skipped',
} as const;

/** `detail` of an event about a run. */
export const runEvent = z.strictObject({
  schemaVersion: z.literal(1),
  run: z.string(),
  /** Name of the Step Functions execution. */
  execution: z.string(),
  status: z.enum(['running', 'succeeded', 'failed', 'skipped']),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** Error name and cause of a run that failed, was stopped or ran out of time. */
  failure: z.strictObject({ error: z.string(), cause: z.string() }).nullable(),
  /** Whether the run put a new champion in place; null when it did not get that far. */
  promoted: z.boolean().nullable(),
  /** Whether recent popularity was better than what was in service, over the last nights; null when nothing can be said. */
  championLags: z.boolean().nullable(),
  /** What the run's training jobs and endpoint cost, in USD; null while it runs, or when that could not be found out. */
  usd: z.number().min(0).nullable(),
  /** Key of the report; null when there is none. */
  report: z.string().nullable(),
});

export type RunEvent = z.infer<typeof runEvent>;

/** `detail-type`s of uploads, by the status in their report, and when they occur. */
export const uploadEventTypes = {
  /** Nothing of the file is used. */
  failed: 'Upload Failed',
  /** It would change much of the catalogue: nothing of it is used until somebody approves it. */
  waiting: 'Upload Waiting',
} as const;

/** `detail` of an event about an upload that somebody has to look at. */
export const uploadEvent = z.strictObject({
  schemaVersion: z.literal(1),
  upload: z.string(),
  /** Key of the uploaded object. */
  file: z.string(),
  kind: z.enum(['logs', 'catalog']),
  status: z.enum(['failed', 'waiting']),
  /** What happened, and what to do about it. */
  message: z.string(),
  arrivedAt: z.iso.datetime(),
  /** Key of the report. */
  report: z.string(),
});

export type UploadEvent = z.infer<typeof uploadEvent>;
