import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { signalGroup } from '../processes/groups.ts';
import type { Guardian } from '../processes/guardian.ts';
import type {
  FunctionError,
  InvocationRequest,
  InvocationResponse,
  WorkerSettings,
} from './protocol.ts';

/** A function as the template and the local cloud describe it. */
export interface FunctionSettings extends WorkerSettings {
  readonly name: string;
  readonly arn: string;
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly logFile: string;
  /** Processes at the same time; further invocations wait. */
  readonly concurrency: number;
}

/** What `Invoke` of Lambda answers. */
export type InvocationResult =
  | { readonly payload: unknown }
  /** `FunctionError` is set: the handler threw, crashed or ran out of time. */
  | { readonly error: FunctionError };

/** Lambda's limit on the event and on the answer, in bytes. */
const maximumPayloadBytes = 6 * 1024 * 1024;

/** An idle process is kept for the next invocation this long. */
const idleMilliseconds = 30_000;

const workerScript = fileURLToPath(new URL('./worker.ts', import.meta.url));

/**
 * One Lambda function: processes start when invocations come, serve one invocation at a time, are used again
 * while they are healthy and end when idle. A process that timed out or crashed is not used again.
 */
export class LocalFunction {
  readonly settings: FunctionSettings;
  readonly #guardian: Guardian;
  readonly #idle: { worker: ChildProcess; timer: NodeJS.Timeout }[] = [];
  readonly #running = new Set<ChildProcess>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #stopped = false;

  constructor(settings: FunctionSettings, guardian: Guardian) {
    this.settings = settings;
    this.#guardian = guardian;
  }

  /**
   * Invokes the function and waits for its answer.
   *
   * @param signal when it fires, the process is ended and the invocation fails with the signal's reason
   * @throws RangeError when the event is larger than Lambda accepts
   */
  async invoke(event: unknown, signal?: AbortSignal): Promise<InvocationResult> {
    const payload = JSON.stringify(event) ?? 'null';
    if (Buffer.byteLength(payload) > maximumPayloadBytes) {
      throw new RangeError(
        `The event for ${this.settings.name} has ${Buffer.byteLength(payload)} bytes; Lambda accepts ${maximumPayloadBytes}.`,
      );
    }
    await this.#slot();
    try {
      signal?.throwIfAborted();
      if (this.#stopped) throw new Error(`${this.settings.name} was stopped.`);
      return await this.#serve(payload, signal);
    } finally {
      this.#active -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Ends all processes; invocations under way fail. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const workers = [...this.#running];
    await Promise.all(
      workers.map((worker) => {
        const ended = new Promise((done) => worker.once('exit', done));
        end(worker);
        return ended;
      }),
    );
  }

  async #slot(): Promise<void> {
    while (this.#active >= this.settings.concurrency) {
      await new Promise<void>((resume) => this.#waiting.push(resume));
    }
    this.#active += 1;
  }

  async #serve(payload: string, signal: AbortSignal | undefined): Promise<InvocationResult> {
    const requestId = randomUUID();
    const worker = this.#take();
    const timeout = this.settings.timeoutSeconds * 1000;
    const result = new Promise<InvocationResult>((settle, fail) => {
      const finish = (outcome: () => void, healthy: boolean) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        worker.removeAllListeners('message').removeListener('exit', onExit);
        if (healthy && !this.#stopped) this.#keep(worker);
        else end(worker);
        outcome();
      };
      const onAbort = () => finish(() => fail(signal?.reason), false);
      const onExit = (code: number | null, killed: string | null) => {
        const status = killed === null ? `exit status ${code}` : `signal ${killed}`;
        const message = `RequestId: ${requestId} Error: Runtime exited with error: ${status}`;
        finish(() => settle({ error: failure('Runtime.ExitError', message) }), false);
      };
      const timer = setTimeout(() => {
        const message = `RequestId: ${requestId} Error: Task timed out after ${this.settings.timeoutSeconds.toFixed(2)} seconds`;
        finish(() => settle({ error: failure('Sandbox.Timedout', message) }), false);
      }, timeout);
      signal?.addEventListener('abort', onAbort);
      worker.once('exit', onExit);
      worker.once('message', (response: InvocationResponse) => {
        // After a failed import the process would fail for ever; Lambda, too, starts a new one.
        const healthy = response.ok || !response.error.errorType.startsWith('Runtime.');
        finish(() => settle(read(response)), healthy);
      });
    });
    const request: InvocationRequest = {
      requestId,
      payload,
      functionArn: this.settings.arn,
      memoryMegabytes: String(this.settings.memoryMegabytes),
      deadline: Date.now() + timeout,
    };
    // When the process is already gone, its exit event tells.
    worker.send(request, () => {});
    return result;
  }

  #take(): ChildProcess {
    const idle = this.#idle.pop();
    if (idle === undefined) return this.#start();
    clearTimeout(idle.timer);
    return idle.worker;
  }

  #keep(worker: ChildProcess): void {
    const timer = setTimeout(() => end(worker), idleMilliseconds);
    timer.unref();
    this.#idle.push({ worker, timer });
  }

  #start(): ChildProcess {
    const { codeDir, handler, environment, logFile } = this.settings;
    const log = openSync(logFile, 'a');
    const settings: WorkerSettings = { codeDir, handler };
    const worker = fork(workerScript, [JSON.stringify(settings)], {
      cwd: codeDir,
      env: environment,
      detached: true,
      // The heap that Lambda's runtime gives a function of this size.
      execArgv: [`--max-old-space-size=${Math.floor(0.9 * this.settings.memoryMegabytes)}`],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#running.add(worker);
    const { pid } = worker;
    if (pid !== undefined) this.#guardian.watch(pid);
    worker.on('exit', () => {
      this.#running.delete(worker);
      const index = this.#idle.findIndex((idle) => idle.worker === worker);
      if (index !== -1) clearTimeout(this.#idle.splice(index, 1)[0]!.timer);
      if (pid !== undefined) this.#guardian.forget(pid);
    });
    return worker;
  }
}

function end(worker: ChildProcess): void {
  if (worker.pid !== undefined) signalGroup(worker.pid, 'SIGKILL');
}

function read(response: InvocationResponse): InvocationResult {
  if (!response.ok) return { error: response.error };
  const size = Buffer.byteLength(response.payload);
  if (size <= maximumPayloadBytes) return { payload: JSON.parse(response.payload) };
  return {
    error: failure(
      'Function.ResponseSizeTooLarge',
      `Response payload size (${size} bytes) exceeded maximum allowed payload size (${maximumPayloadBytes} bytes).`,
    ),
  };
}

function failure(errorType: string, errorMessage: string): FunctionError {
  return { errorType, errorMessage, trace: [] };
}
