import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How long processes may save their state after the parent died. */
const graceMilliseconds = 10_000;

/** Makes sure that no process outlives this one, whatever ends it: see `guardian-process.ts`. */
export class Guardian {
  readonly #process: ChildProcess;

  constructor() {
    const script = fileURLToPath(new URL('./guardian-process.ts', import.meta.url));
    // In a session of its own: Ctrl-C at the terminal must not end it before it has done its work.
    this.#process = spawn(process.execPath, [script, String(graceMilliseconds)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#process.on('error', () => {});
    this.#process.stdin?.on('error', () => {});
    this.#process.unref();
    (this.#process.stdin as unknown as { unref(): void }).unref();
  }

  /** @param group id of a process that leads a group of its own */
  watch(group: number): void {
    this.#process.stdin?.write(`+${group}\n`);
  }

  forget(group: number): void {
    this.#process.stdin?.write(`-${group}\n`);
  }

  /** Ends what is still watched, and the guardian. */
  async stop(): Promise<void> {
    const ended = new Promise((done) => this.#process.once('exit', done));
    if (this.#process.exitCode !== null) return;
    this.#process.ref();
    this.#process.stdin?.end();
    await ended;
  }
}
