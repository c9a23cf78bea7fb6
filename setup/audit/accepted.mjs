import { readFileSync } from 'node:fs';
import { SetupError } from '../run.mjs';

/**
 * The vulnerabilities that somebody decided to live with: `[{"id": "GHSA-...", "reason": "...", "until": "2027-01-31"}]`.
 *
 * @returns the ids of those whose time is not over
 */
export function readAccepted(file, now) {
  const entries = JSON.parse(readFileSync(file, 'utf8'));
  for (const entry of entries) {
    const { id, reason, until, ...others } = entry;
    const isWhole =
      /^[A-Z]+-[\w-]+$/.test(id) && reason?.length > 0 && /^\d{4}-\d\d-\d\d$/.test(until);
    if (isWhole && Object.keys(others).length === 0) continue;
    throw new SetupError(
      `${file}: ${JSON.stringify(entry)} needs an "id" (GHSA-..., PYSEC-..., CVE-...), a "reason" and an "until" (a date), no more.`,
    );
  }
  const today = now.toISOString().slice(0, 10);
  return new Set(entries.filter(({ until }) => until >= today).map(({ id }) => id));
}
