import { attemptResources, resourcePrefix } from '#lib/contracts/job-name.ts';
import type { RunManifest } from '#lib/contracts/run.ts';

/** Who holds the pipeline's lock, and whether that execution still runs. */
export interface Holder {
  readonly run: string;
  readonly execution: string;
  readonly running: boolean;
  readonly attempts: RunManifest['attempts'];
}

/**
 * The endpoints of the current attempt are named `<attempt's resources>-<instance>-environment`.
 *
 * @returns all of that before the number of the instance type; undefined when no execution is at work
 */
function ownedPrefix(deployment: string, holder: Holder | undefined): string | undefined {
  if (holder === undefined || !holder.running) return undefined;
  const index = holder.attempts.findIndex((attempt) => attempt.execution === holder.execution);
  // Between taking the lock and counting the attempt, nothing has been created yet.
  return index < 0 ? undefined : `${attemptResources(deployment, holder.run, index + 1)}-`;
}

/** Which of the endpoints are this deployment's and belong to no attempt that is at work. */
export function idleNames(
  names: readonly string[],
  deployment: string,
  holder: Holder | undefined,
): string[] {
  const owned = ownedPrefix(deployment, holder);
  const isOwned = (name: string) =>
    owned !== undefined &&
    name.startsWith(owned) &&
    /^\d+-environment$/.test(name.slice(owned.length));
  return names.filter(
    (name) =>
      name.startsWith(resourcePrefix(deployment)) &&
      name.endsWith('-environment') &&
      !isOwned(name),
  );
}
