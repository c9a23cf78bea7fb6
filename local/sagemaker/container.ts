import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { loopback } from '../processes/addresses.ts';
import { signalGroup } from '../processes/groups.ts';
import type { Guardian } from '../processes/guardian.ts';

export type ContainerTask = 'train' | 'serve';

/** What runs on this machine in place of a container image. */
export interface LocalImage {
  /** Part of the image's URI. */
  readonly match: string;
  /** The program and its arguments. */
  readonly command: (task: ContainerTask) => readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A `stage=... progress=...` line of a container. */
export interface ContainerProgress {
  /** Name of the training job or endpoint. */
  readonly name: string;
  readonly stage: string;
  /** 0 to 1 within the stage. */
  readonly progress: number;
  /** All pairs of the line, as text. */
  readonly values: Readonly<Record<string, string>>;
}

export interface ContainerSettings {
  readonly name: string;
  readonly image: LocalImage;
  readonly task: ContainerTask;
  /** The folder in place of `/opt/ml`. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly guardian: Guardian;
  readonly onLine?: (line: string) => void;
  readonly onProgress?: (progress: ContainerProgress) => void;
  readonly onWarning?: (message: string) => void;
}

/** How a container ended. */
export interface ContainerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The program could not be started at all. */
  readonly error?: Error;
}

/** A process, with all its descendants, in place of a container. */
export class Container {
  /** Resolves when the process has ended and its output is in the log. */
  readonly ended: Promise<ContainerExit>;
  readonly #process: ChildProcess;
  #exit: ContainerExit | undefined;

  constructor(settings: ContainerSettings) {
    const [program = '', ...args] = settings.image.command(settings.task);
    mkdirSync(dirname(settings.logFile), { recursive: true });
    // A container's temporary files end with it.
    const temporary = join(settings.root, 'tmp');
    mkdirSync(temporary, { recursive: true });
    this.#process = spawn(program, args, {
      cwd: settings.image.cwd,
      env: {
        ...inheritedEnvironment(),
        // Progress is of no use in a buffer.
        PYTHONUNBUFFERED: '1',
        // Without a network of its own, a program that listens on all addresses lets the whole neighbourhood in.
        BIND_TO_HOST: loopback,
        ...settings.environment,
        // The image knows this machine, which the request does not.
        ...settings.image.env,
        ML_ROOT: settings.root,
        TMPDIR: temporary,
      },
      // A group of its own: the whole tree is ended together.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = this.#process;
    if (pid !== undefined) settings.guardian.watch(pid);
    const logged = log(this.#process, settings);
    this.ended = new Promise<ContainerExit>((done) => {
      this.#process.once('error', (error) => done({ code: null, signal: null, error }));
      this.#process.once('exit', (code, signal) => done({ code, signal }));
    }).then(async (exit) => {
      this.#exit = exit;
      if (pid !== undefined) {
        // What the program left behind goes with it, as a container's processes do.
        signalGroup(pid, 'SIGKILL');
        settings.guardian.forget(pid);
      }
      await logged;
      await rm(temporary, { recursive: true, force: true }).catch((error: Error) => {
        settings.onWarning?.(`${temporary} could not be removed: ${error.message}`);
      });
      return exit;
    });
  }

  get exit(): ContainerExit | undefined {
    return this.#exit;
  }

  /** SIGTERM, then SIGKILL after the grace period; resolves when nothing is left. */
  async stop(graceSeconds: number): Promise<ContainerExit> {
    const { pid } = this.#process;
    if (this.#exit !== undefined || pid === undefined) return this.ended;
    signalGroup(pid, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceSeconds * 1000);
    return this.ended.finally(() => clearTimeout(timer));
  }
}

/** Copies output to the log file, line by line to whom it concerns; resolves when all is written. */
function log(process: ChildProcess, settings: ContainerSettings): Promise<void> {
  const file = createWriteStream(settings.logFile, { flags: 'a' });
  // The program goes on without its log.
  file.on('error', (error) => settings.onWarning?.(`${settings.logFile}: ${error.message}`));
  const streams = [process.stdout, process.stderr].flatMap((stream) => stream ?? []);
  const closed = streams.map((stream) => {
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => {
      file.write(`${line}\n`);
      settings.onLine?.(line);
      const progress = parseProgress(settings.name, line);
      if (progress !== undefined) settings.onProgress?.(progress);
    });
    return new Promise<void>((done) => lines.once('close', () => done()));
  });
  return Promise.all(closed).then(() => new Promise<void>((done) => file.end(() => done())));
}

/** `stage=item-tokens progress=0.42 loss=0.613`; undefined for any other line. */
function parseProgress(name: string, line: string): ContainerProgress | undefined {
  const pairs = line
    .trim()
    .split(/\s+/)
    .map((pair) => /^([^=\s]+)=(\S*)$/.exec(pair));
  if (pairs.some((pair) => pair === null)) return undefined;
  const values = Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!]));
  const progress = Number(values.progress);
  if (values.stage === undefined || !(progress >= 0 && progress <= 1)) return undefined;
  return { name, stage: values.stage, progress, values };
}

/** The caller's environment without its AWS settings: a container must not reach a real account. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')),
  );
}
