/**
 * Ends process groups whose parent died. The parent writes `+<group>` and `-<group>` lines to standard input;
 * however the parent ends, even by SIGKILL, the operating system closes that pipe, and what is left in the list
 * gets SIGTERM, a moment to save its state, then SIGKILL.
 */
import { createInterface } from 'node:readline';
import { endGroup } from './groups.ts';

const graceMilliseconds = Number(process.argv[2]);
const groups = new Set<number>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const group = Number(line.slice(1));
  if (line.startsWith('+')) groups.add(group);
  else groups.delete(group);
});
lines.on('close', async () => {
  await Promise.allSettled([...groups].map((group) => endGroup(group, graceMilliseconds)));
  process.exit(0);
});
