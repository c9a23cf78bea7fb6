import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DamagedStore } from '../errors.ts';

const newline = 0x0a;

/**
 * A file of JSON lines that survives a kill and a full disk at any moment: a change counts once its line ends in a
 * newline. Half a line, which either leaves behind, is cut off before anything else is written.
 */
export class Journal<Entry> {
  readonly #path: string;
  #descriptor: number;
  /** Bytes of the whole lines. */
  #size = 0;
  /** Half a line may follow them. */
  #torn = false;

  /**
   * Opens the file, or begins one.
   *
   * @param onEntry told of every whole entry that is there, oldest first
   * @throws DamagedStore that names the line that is not JSON
   */
  constructor(path: string, onEntry: (entry: Entry) => void) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    const { bytes, whole } = readEntries(path, onEntry);
    this.#size = whole;
    this.#torn = bytes > whole;
    this.#descriptor = openSync(path, 'a');
  }

  /** Replaces the file by these entries, in one step. Where there is no room for that, it stays as it is. */
  compact(entries: Iterable<Entry>): void {
    const unfinished = `${this.#path}.tmp`;
    const bytes = Buffer.concat([...entries].map(toLine));
    try {
      writeFileSync(unfinished, bytes);
      renameSync(unfinished, this.#path);
    } catch {
      rmSync(unfinished, { recursive: true, force: true });
      return;
    }
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#path, 'a');
    this.#size = bytes.length;
    this.#torn = false;
  }

  /** @throws Error when the entry could not be written; then it is as if that had not been tried */
  append(entry: Entry): void {
    const line = toLine(entry);
    if (this.#torn) ftruncateSync(this.#descriptor, this.#size);
    this.#torn = true;
    appendFileSync(this.#descriptor, line);
    this.#torn = false;
    this.#size += line.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/**
 * Reads what is there, also while another process writes.
 *
 * @param onEntry told of every whole entry, oldest first
 * @returns bytes of the file, and of its whole lines
 * @throws DamagedStore that names the line that is not JSON
 */
export function readEntries<Entry>(
  path: string,
  onEntry: (entry: Entry) => void,
): { readonly bytes: number; readonly whole: number } {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const whole = bytes.lastIndexOf(newline) + 1;
  let begin = 0;
  for (let line = 1; begin < whole; line++) {
    const end = bytes.indexOf(newline, begin);
    onEntry(parse(bytes.toString('utf8', begin, end), `${path}, line ${line}`) as Entry);
    begin = end + 1;
  }
  return { bytes: bytes.length, whole };
}

const toLine = (entry: unknown) => Buffer.from(`${JSON.stringify(entry)}\n`);

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `${where} is not a whole entry; restore the folder from a copy, or remove it.`;
    throw new DamagedStore(message, { cause });
  }
}
