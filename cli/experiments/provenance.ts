import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpus } from 'node:os';

/** The commit that the numbers were made with; marked if files differ from it. */
export function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', 'HEAD')}${isChanged ? ' with local changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** What computed them. */
export function machine(): { readonly processor: string; readonly cores: number } {
  const processors = cpus();
  return { processor: processors[0]?.model ?? 'unknown', cores: processors.length };
}

/** Tells an experiment's options from others; where its files are and how many processes it has change no number. */
export function configHash(options: object): string {
  const told = { ...options, out: undefined, jobs: undefined };
  return createHash('sha256').update(JSON.stringify(told)).digest('hex');
}
