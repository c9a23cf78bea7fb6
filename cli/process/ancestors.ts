import { readFileSync } from 'node:fs';

/** A process: its number alone is given to another one some day. */
interface Process {
  readonly pid: number;
  /** Since the machine started, in ticks of its clock; undefined where the system does not say. */
  readonly startedAt: string | undefined;
}

const pollMilliseconds = 500;

/**
 * Calls `onGone` when one of the processes between this one and whoever gave the command has ended: npm and its shell, or
 * the launcher. Killed outright (SIGKILL, a closed container), they take nobody with them, and a pipeline without a
 * terminal to report to would go on unseen. Where nobody stands between, nothing is watched.
 */
export function watchAncestors(onGone: () => void): void {
  const ancestors = ancestorsToWatch();
  if (ancestors.length === 0) return;
  const timer = setInterval(() => {
    if (ancestors.every(isAlive)) return;
    clearInterval(timer);
    onGone();
  }, pollMilliseconds);
  timer.unref();
}

/** From the parent up to npm, which is the first that has not got npm's variables; else the launcher alone. */
function ancestorsToWatch(): Process[] {
  const isLaunched = process.env.LEA_LAUNCHER === String(process.ppid);
  if (process.env.npm_command === undefined) return isLaunched ? [identify(process.ppid)] : [];
  const ancestors: Process[] = [];
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) {
    ancestors.push(identify(pid));
    if (!readProcess(pid, 'environ')?.includes('npm_command=')) break;
  }
  return ancestors;
}

function identify(pid: number): Process {
  return { pid, startedAt: statusOf(pid)?.startedAt };
}

function isAlive({ pid, startedAt }: Process): boolean {
  // Without /proc only the parent can be watched: whose parent dies gets another one.
  if (startedAt === undefined) return process.ppid === pid;
  const status = statusOf(pid);
  // A process that was killed is in the table until its parent has noticed.
  return status?.startedAt === startedAt && !['Z', 'X'].includes(status.state);
}

/** 0 where the system does not say. */
const parentOf = (pid: number): number => statusOf(pid)?.parent ?? 0;

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function statusOf(pid: number): { state: string; parent: number; startedAt: string } | undefined {
  const text = readProcess(pid, 'stat');
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return undefined;
  return { state: fields[0]!, parent: Number(fields[1]), startedAt: fields[19]! };
}

function readProcess(pid: number, file: 'stat' | 'environ'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
