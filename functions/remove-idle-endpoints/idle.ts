import type { RunManifest } from '#lib/pipeline/run.ts';

/** Who holds the pipeline's lock, and whether that execution still runs. */
export interface Holder {
  readonly run: string;
  readonly execution: string;
  readonly running: boolean;
  readonly attempts: RunManifest['attempts'];
}

/**
 * The name of what the current attempt creates in SageMaker: `<deployment>-<run>-<attempt>-environment`.
 *
 * @returns undefined when no execution is at work
 */
export function ownedName(prefix: string, holder: Holder | undefined): string | undefined {
  if (holder === undefined || !holder.running) return undefined;
  const index = holder.attempts.findIndex((attempt) => attempt.execution === holder.execution);
  // Between taking the lock and counting the attempt, nothing has been created yet.
  return index < 0 ? undefined : `${prefix}-${holder.run}-${index + 1}-environment`;
}

/** Which of the names are this deployment's and belong to no attempt that is at work. */
export function idleNames(
  names: readonly string[],
  prefix: string,
  holder: Holder | undefined,
): string[] {
  const owned = ownedName(prefix, holder);
  return names.filter(
    (name) => name.startsWith(`${prefix}-`) && name.endsWith('-environment') && name !== owned,
  );
}
