import { PipelineError } from '#lib/contracts/errors.ts';
import { LocalError } from '#local/errors.ts';
import { SetupError } from '../../setup/run.mjs';
import { Interrupted } from '../process/interruption.ts';

/** What to do about what the operating system refuses. */
const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room, then give the same command again; it goes on from here.',
  EDQUOT: 'Your share of the disk is used up: make room, then give the same command again.',
  EROFS: 'The folder cannot be written: choose another one.',
  EACCES: 'You may not do that there: choose another folder, or change its permissions.',
  EPERM: 'You may not do that there: choose another folder, or change its permissions.',
  ENOTDIR: 'A part of the path is a file, not a folder: choose another one.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n).',
};

/**
 * How a command's failure is told: a message for what people can do something about, everything there is to know for a
 * defect. `LEA_DEBUG=1` shows the latter for all.
 */
export function explain(error: unknown): { message: string | undefined; exitCode: number } {
  // It has said so already.
  const interrupted = interruptionIn(error);
  if (interrupted !== undefined) return { message: undefined, exitCode: interrupted.exitCode };
  if (error instanceof PipelineError || error instanceof LocalError) {
    const more = error.code === 'InsufficientStorage' ? `\n${advice.ENOSPC}` : '';
    return { message: `${error.code}: ${error.message}${more}`, exitCode: 1 };
  }
  if (error instanceof SetupError) return { message: error.message, exitCode: 1 };
  const { code, syscall, message, stack } = error as NodeJS.ErrnoException;
  if (code !== undefined && syscall !== undefined) {
    return { message: [message, advice[code] ?? []].flat().join('\n'), exitCode: 1 };
  }
  return { message: stack ?? String(error), exitCode: 1 };
}

/** What is aborted for it, a stream or a pause, fails with an error of its own that names it as the cause. */
function interruptionIn(error: unknown): Interrupted | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof Interrupted) return at;
  return undefined;
}
