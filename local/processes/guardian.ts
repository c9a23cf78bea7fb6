import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How long processes may save their state after the parent died. */
const graceMilliseconds = 10_000;

/** A guardian that ends sooner than this is not started again: it cannot run here. */
const shortestLife = 1000;

const script = fileURLToPath(new URL('./guardian-process.ts', import.meta.url));

/**
 * Makes sure that no process outlives this one, whatever ends it: see `guardian-process.ts`. A guardian that is killed
 * itself is replaced.
 */
export class Guardian {
  readonly #groups = new Set<number>();
  #process: ChildProcess;
  #ended: Promise<void>;
  #isStopping = false;

  constructor() {
    ({ process: this.#process, ended: this.#ended } = this.#start());
  }

  /** @param group id of a process that leads a group of its own */
  watch(group: number): void {
    this.#groups.add(group);
    this.#tell(`+${group}`);
  }

  forget(group: number): void {
    this.#groups.delete(group);
    this.#tell(`-${group}`);
  }

  /** Ends what is still watched, and the guardian. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#process.ref();
    this.#process.stdin?.end();
    await this.#ended;
  }

  #start(): { process: ChildProcess; ended: Promise<void> } {
    const startedAt = performance.now();
    // In a session of its own: Ctrl-C at the terminal must not end it before it has done its work.
    const process = spawn(globalThis.process.execPath, [script, String(graceMilliseconds)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    const ended = new Promise<void>((done) => {
      process.once('error', () => done());
      process.once('exit', () => done());
    });
    process.stdin?.on('error', () => {});
    process.unref();
    (process.stdin as unknown as { unref(): void }).unref();
    process.once('exit', () => {
      if (this.#isStopping || performance.now() - startedAt < shortestLife) return;
      ({ process: this.#process, ended: this.#ended } = this.#start());
      for (const group of this.#groups) this.#tell(`+${group}`);
    });
    return { process, ended };
  }

  #tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }
}
