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
export const environmentPlan = z.strictObject({ version: z.string(), fingerprint: z.string() });

export type EnvironmentRegistration = z.infer<typeof environmentRegistration>;

/**
 * What makes two fitted environments interchangeable: the settings, the window and the vocabulary (an item index
 * must mean the same item). Item vectors are no part of it: they are made without a fit.
 */
export function environmentFingerprint(
  config: EnvironmentConfig,
  window: number,
  itemIds: readonly string[],
): string {
  const { itemVectors: _, ...fitted } = config;
  const hash = createHash('sha256').update(JSON.stringify({ config: fitted, window }));
  for (const id of itemIds) hash.update(`\n${id}`);
  return hash.digest('hex');
}

/** The environment that a run uses: a young one with the same fingerprint, or a new version of its own. */
export function chooseEnvironment(
  latest: EnvironmentRegistration | undefined,
  wanted: { readonly run: string; readonly fingerprint: string; readonly maximumAgeDays: number },
  now: Date,
): { readonly version: string; readonly fresh: boolean } {
  const version = `${wanted.run}-${wanted.fingerprint.slice(0, 12)}`;
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
