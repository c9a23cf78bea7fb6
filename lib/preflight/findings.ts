import { PipelineError } from '#lib/contracts/errors.ts';

/** What one check came to. */
export interface Finding {
  /** `blocker`: a deployment or a night would fail. `warning`: it would be slow, or fail in a bad case. `skipped`: could not be looked at. */
  readonly level: 'ok' | 'warning' | 'blocker' | 'skipped';
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** What was seen and, unless all is well, what to do. */
  readonly message: string;
}

/** A night would fail after something was paid for. */
export class PreflightError extends PipelineError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('PreflightError', message, { details });
  }
}

/** @throws PreflightError with every blocker, when there is one */
export function stopAtBlockers(findings: readonly Finding[]): void {
  const blockers = findings.filter(({ level }) => level === 'blocker');
  if (blockers.length === 0) return;
  const said = blockers.map(({ check, message }) => `${check}: ${message}`).join('\n');
  throw new PreflightError(
    `The account or the data is not ready for this run; nothing was started.\n${said}`,
    { checks: blockers.map(({ check }) => check) },
  );
}
