import { setTimeout as sleep } from 'node:timers/promises';

/** Sends a signal to every process of a group; false when there is none. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    // EPERM: only processes that are ending and nobody has waited for yet.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false;
    throw error;
  }
}

/** SIGTERM, then SIGKILL to whatever of the group is left after the grace period. */
export async function endGroup(group: number, graceMilliseconds: number): Promise<void> {
  signalGroup(group, 'SIGTERM');
  const deadline = Date.now() + graceMilliseconds;
  while (signalGroup(group, 0)) {
    if (Date.now() >= deadline) {
      signalGroup(group, 'SIGKILL');
      return;
    }
    await sleep(20);
  }
}
