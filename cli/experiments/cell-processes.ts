import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { PipelineError } from '#lib/contracts/errors.ts';
import { nativeEnvironment } from '#lib/graph/native-environment.ts';
import type { Cell } from './arms.ts';
import type { FromWorker, ToWorker } from './cell-messages.ts';
import type { ExperimentHooks } from './experiment-hooks.ts';
import type { ReadOptions } from './options.ts';

const program = fileURLToPath(new URL('./cell-worker.ts', import.meta.url));
/** How often the processes are told whether they shall stop. */
const askEveryMilliseconds = 250;

/** Processes that train cells at the same time, each with its share of the cores. */
export class CellProcesses {
  readonly #options: ReadOptions;
  readonly #hooks: ExperimentHooks;
  readonly #idle: ChildProcess[] = [];
  readonly #all: ChildProcess[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(options: ReadOptions, hooks: ExperimentHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#timer = setInterval(() => {
      if (hooks.shouldStop?.() === true) for (const own of this.#all) tell(own, { kind: 'stop' });
    }, askEveryMilliseconds);
  }

  /**
   * Trains, judges and writes a cell in a process that has nothing else to do, or in a new one.
   *
   * @throws PipelineError with the process's own reason, `Stopped` if the hooks ended it, `JobFailed` if it ended by itself
   */
  async run(cell: Cell): Promise<void> {
    const waiting = this.#idle.pop();
    const own = waiting?.connected ? waiting : this.#start();
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: PipelineError) => {
        own.off('message', listen).off('exit', ended);
        if (error === undefined) resolve();
        else reject(error);
      };
      const listen = (message: FromWorker) => {
        if (message.kind === 'progress') this.#hooks.onProgress?.(message.progress);
        else if (message.kind === 'done') settle();
        else settle(new PipelineError(message.code ?? 'JobFailed', message.message));
      };
      const ended = (code: number | null, signal: string | null) =>
        settle(
          new PipelineError(
            'JobFailed',
            `The process that trained ${cell.name}, seed ${cell.seed}, ended (${signal ?? `exit code ${code}`}); with less memory than it needs, give fewer "jobs". Run again to go on.`,
          ),
        );
      own.on('message', listen).on('exit', ended);
      tell(own, { kind: 'run', cell });
    });
    this.#idle.push(own);
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(
      this.#all
        .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
        .map(
          (own) =>
            new Promise<void>((resolve) => {
              own.once('exit', () => resolve());
              if (own.connected) own.disconnect();
            }),
        ),
    );
  }

  #start(): ChildProcess {
    const threads = Math.max(1, Math.floor(availableParallelism() / this.#options.jobs));
    const own = fork(program, {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: {
        ...nativeEnvironment(),
        TF_NUM_INTRAOP_THREADS: String(threads),
        ...process.env,
      },
    });
    // A message to a process that is ending; that it ends is told by `exit`.
    own.on('error', () => undefined);
    this.#all.push(own);
    tell(own, { kind: 'begin', options: this.#options });
    return own;
  }
}

const tell = (to: ChildProcess, message: ToWorker) => to.connected && to.send(message);
