/**
 * Calls `onGone` once when nobody can read this process's output any more: `lea run | head`, a closed terminal, a log on
 * a full disk.
 * Without it the next line would end the process with a stack trace, in the middle of what it does.
 */
export function watchOutput(onGone: () => void): void {
  let isGone = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {
      if (!isGone) onGone();
      isGone = true;
    });
  }
}
