import * as z from 'zod';
import { ValidationError } from './errors.ts';

/** A run's name: a date for the nightly ones. It becomes part of names in SageMaker, hence the alphabet. */
export const runName = z
  .string()
  .regex(/^[A-Za-z0-9](-?[A-Za-z0-9])*$/, 'letters and digits with single dashes between')
  .max(24);

const inputObject = z.strictObject({ key: z.string(), etag: z.string(), size: z.number() });

/** What a run works on, fixed when it begins, and the attempts made at it. */
export const runManifest = z.strictObject({
  run: runName,
  /** When the snapshot was taken, ISO 8601. */
  createdAt: z.string(),
  inputs: z.strictObject({
    interactions: z.array(inputObject),
    items: z.array(inputObject),
  }),
  attempts: z.array(z.strictObject({ execution: z.string(), startedAt: z.string() })),
});

export type RunManifest = z.infer<typeof runManifest>;

/** Where a run stands. */
export const runStatus = z.strictObject({
  run: runName,
  status: z.enum(['running', 'succeeded', 'failed', 'skipped']),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  /** The run that a skipped one would have repeated: nothing was new. */
  unchangedSince: z.string().optional(),
  /** The state machine's error output. */
  failure: z.looseObject({ Error: z.string().optional(), Cause: z.string().optional() }).optional(),
});

export type RunStatus = z.infer<typeof runStatus>;

/**
 * The name of the run that a start request means: the one it gives, or the local date of the scheduled time.
 *
 * @param timeZone IANA name
 * @throws ValidationError for a name that cannot be used
 */
export function nameRun(
  requested: string | null,
  scheduledTime: string | null,
  timeZone: string,
  now: Date,
): string {
  if (requested !== null) {
    const result = runName.safeParse(requested);
    if (result.success) return result.data;
    throw new ValidationError(
      `The run name "${requested}" cannot be used: ${result.error.issues[0]?.message}, at most 24 characters.`,
    );
  }
  const time = scheduledTime === null ? now : new Date(scheduledTime);
  if (Number.isNaN(time.getTime())) {
    throw new ValidationError(
      `scheduledTime "${scheduledTime}" is not a time (ISO 8601 expected).`,
    );
  }
  // Swedish dates are ISO dates.
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(time);
}
