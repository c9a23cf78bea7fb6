/** A stage of long work: how far it is (0-1) and further facts to show. */
export interface StageProgress {
  readonly stage: string;
  readonly progress?: number;
  readonly note?: string;
}

/** Quiet states are not worth a line of their own. */
const QUIET_SECONDS = 0.05;
/** Where lines cannot be redrawn, long work speaks this often. */
const REPEAT_SECONDS = 15;

/**
 * Progress on the terminal: one line a state when it is done, and a bar meanwhile; without a terminal the bar becomes
 * a line every now and then.
 */
export class Progress {
  readonly #startedAt: number;
  readonly #out: NodeJS.WriteStream;
  #drawn = false;
  #saidAt = 0;

  constructor(startedAt: number, out: NodeJS.WriteStream = process.stdout) {
    this.#startedAt = startedAt;
    this.#out = out;
  }

  /** A line that stays. */
  say(text: string): void {
    this.clear();
    this.#out.write(`${this.#clock()}  ${text}\n`);
    this.#saidAt = Date.now();
  }

  /** A state that has ended. */
  done(state: string, seconds: number): void {
    if (seconds < QUIET_SECONDS) return;
    this.say(`${state.padEnd(30)} ${seconds.toFixed(1).padStart(6)} s`);
  }

  /** Work that is going on within a state. */
  working(state: string, { stage, progress, note }: StageProgress): void {
    const share = progress === undefined ? '' : ` ${bar(progress)} ${percent(progress)}`;
    const text = `${state}: ${stage}${share}${note === undefined ? '' : `  ${note}`}`;
    if (this.#out.isTTY) {
      this.clear();
      this.#out.write(`${this.#clock()}  ${text}`.slice(0, (this.#out.columns ?? 100) - 1));
      this.#drawn = true;
    } else if (Date.now() - this.#saidAt > REPEAT_SECONDS * 1000) {
      this.say(text);
    }
  }

  /** Takes a bar away. */
  clear(): void {
    if (this.#drawn) this.#out.write('\r\u001b[K');
    this.#drawn = false;
  }

  #clock(): string {
    return `${((Date.now() - this.#startedAt) / 1000).toFixed(0).padStart(5)} s`;
  }
}

/** Tells how many users have their list. */
export const tellUsers = (progress: Progress) => (done: number, all: number) =>
  progress.working('making lists', { stage: `${done} of ${all} users`, progress: done / all });

function bar(progress: number): string {
  const width = 24;
  const filled = Math.round(Math.min(1, Math.max(0, progress)) * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
}

const percent = (progress: number) => `${Math.round(progress * 100)} %`;
