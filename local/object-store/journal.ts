import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * A file of JSON lines that survives a kill at any moment: a change counts once its line ends in a newline. A
 * torn last line is what was being written when the process died and is dropped.
 */
export class Journal<Entry> {
  #descriptor: number | undefined;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
  }

  /** Every complete entry, oldest first. */
  read(): Entry[] {
    if (!existsSync(this.#path)) return [];
    const text = readFileSync(this.#path, 'utf8');
    const complete = text.slice(0, text.lastIndexOf('\n') + 1);
    return complete
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry);
  }

  /** Replaces the file by these entries, in one step, and opens it for appending. */
  rewrite(entries: Iterable<Entry>): void {
    this.close();
    const unfinished = `${this.#path}.tmp`;
    writeFileSync(unfinished, [...entries].map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    renameSync(unfinished, this.#path);
    this.#descriptor = openSync(this.#path, 'a');
  }

  append(entry: Entry): void {
    this.#descriptor ??= openSync(this.#path, 'a');
    appendFileSync(this.#descriptor, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
