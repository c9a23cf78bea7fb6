import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { EnvironmentConfig } from '#lib/contracts/config/environment.ts';

/** `environments/latest.json` and each `environments/<version>/registration.json`: which LE, fitted when, on what. */
export const environmentRegistration = z.strictObject({
  version: z.string(),
  fingerprint: z.string(),
  /** ISO 8601. */
  fittedAt: z.string(),
  run: z.string(),
});

/** `runs/<run>/environment.json`: the environment that a run uses, in all its attempts. */
export const environmentPlan = z.strictObject({
  version: z.string(),
  fingerprint: z.string(),
  /** The run whose answers of the same environment are taken for rows that have not changed; null if there is none. */
  answersOf: z.string().nullable().default(null),
  /** Items of tonight's vocabulary that have come since the environment was fitted. */
  newItems: z.int().min(0).default(0),
  /** The environment that one which the run fits begins from; null if it begins from nothing. */
  startsFrom: z.string().nullable().default(null),
});

/** `environments/<version>/answers.json`: the run that has the newest answers of this environment. */
export const newestAnswers = z.strictObject({ run: z.string() });

export type EnvironmentRegistration = z.infer<typeof environmentRegistration>;
export type EnvironmentPlan = z.infer<typeof environmentPlan>;

/** What an environment is made of besides the rows that it is fitted on. */
export interface EnvironmentMakeup {
  readonly config: EnvironmentConfig;
  readonly window: number;
  /** Whether items of the history are left out, among candidates too. */
  readonly excludeHistory: boolean;
  /** Names of the base model's files with a tag of their content: another model under the same name is another model. */
  readonly baseModel: readonly (readonly [name: string, etag: string])[];
}

/**
 * What makes two fitted environments interchangeable. Neither the vocabulary nor the log is part of it: an item keeps its
 * index in an environment for good, one that has come since gets a new one, and how long an environment stays good is what
 * `environment.maximumAgeDays` and `environment.maximumNewShare` say. Item vectors are no part of it either: they are made
 * without a fit. Nor is where a fit begins.
 */
export function environmentFingerprint(makeup: EnvironmentMakeup): string {
  const {
    itemVectors: _,
    maximumAgeDays: __,
    maximumNewShare: ___,
    warmStart: ____,
    ...fitted
  } = makeup.config;
  const { window, excludeHistory, baseModel } = makeup;
  return createHash('sha256')
    .update(JSON.stringify({ config: fitted, window, excludeHistory, baseModel }))
    .digest('hex');
}

/** The environment that a run uses: a young one with the same fingerprint, or a new version of its own. */
export function chooseEnvironment(
  latest: EnvironmentRegistration | undefined,
  wanted: { readonly run: string; readonly fingerprint: string; readonly maximumAgeDays: number },
  now: Date,
): { readonly version: string; readonly fresh: boolean } {
  const version = ownVersion(wanted);
  if (latest === undefined || latest.fingerprint !== wanted.fingerprint) {
    return { version, fresh: false };
  }
  const ageDays = (now.getTime() - Date.parse(latest.fittedAt)) / 86_400_000;
  // An environment that this very run fitted is its own, however strict the age.
  if (latest.version === version || ageDays < wanted.maximumAgeDays) {
    return { version: latest.version, fresh: true };
  }
  return { version, fresh: false };
}

/** Of an environment that a run fits itself. */
export function ownVersion({
  run,
  fingerprint,
}: {
  readonly run: string;
  readonly fingerprint: string;
}): string {
  return `${run}-${fingerprint.slice(0, 12)}`;
}
