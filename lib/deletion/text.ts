import { Readable } from 'node:stream';
import { ValidationError } from '#lib/contracts/errors.ts';
import { compressionOf } from '#lib/interactions/compression.ts';
import { asUtf8 } from '#lib/interactions/encoding.ts';
import { isOpaque, isUtf16 } from '#lib/interactions/foreign-formats.ts';
import { uncompressed } from '#lib/interactions/packing.ts';
import { besideWord, holdsWord } from './lines.ts';

/** What a search of an object's text came to. */
export interface TextSearch {
  readonly holds: boolean;
  /** It is damaged, or packed in a way that is not read here: what can be read of it was searched. */
  readonly isUnreadable: boolean;
}

/** As many bytes tell what they are. */
const headBytes = 1024;

/**
 * Whether an object has an id as a word of its text, unpacked if it is packed as a whole, UTF-16 read as such. It is gone
 * through as it comes: however large it is, a window of it is in memory.
 *
 * @param key names it
 */
export async function searchText(
  source: AsyncIterable<Uint8Array>,
  key: string,
  ids: ReadonlySet<string>,
): Promise<TextSearch> {
  let isUnreadable = false;
  let holds = false;
  const search = new WordSearch(ids);
  try {
    const stored = await peek(source);
    const compression = compressionOf(stored.head);
    const unpacked =
      compression === null
        ? stored
        : await peek(uncompressed(Readable.from(stored.chunks), compression, key));
    isUnreadable = isOpaque(unpacked.head);
    const encoding = isUtf16(unpacked.head) ? 'utf-16' : 'utf-8';
    const decoder = new TextDecoder();
    // To its end, for damage may come later.
    for await (const chunk of asUtf8(unpacked.chunks, encoding, key)) {
      holds ||= search.push(decoder.decode(chunk, { stream: true }));
    }
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    isUnreadable = true;
  }
  return { holds: holds || search.end(), isUnreadable };
}

/** Looks for ids in a text that comes in pieces, as `holdsWord` does in a whole one. */
export class WordSearch {
  readonly #ids: ReadonlySet<string>;
  /** Of what has come, as much as a word may begin in and what is beside it. */
  readonly #kept: number;
  #text = '';
  /** The text has no other beginning. */
  #isBeginning = true;

  constructor(ids: ReadonlySet<string>) {
    this.#ids = ids;
    const longest = [...ids].reduce((most, { length }) => Math.max(most, length), 0);
    this.#kept = longest + 2 * besideWord;
  }

  /** @returns whether an id is there; what the next piece tells is left to it */
  push(piece: string): boolean {
    this.#text += piece;
    if (this.#holds(this.#text.length - besideWord)) return true;
    if (this.#text.length > this.#kept) {
      this.#text = this.#text.slice(-this.#kept);
      this.#isBeginning = false;
    }
    return false;
  }

  end(): boolean {
    return this.#holds(this.#text.length);
  }

  #holds(to: number): boolean {
    const from = this.#isBeginning ? 0 : besideWord;
    return holdsWord(this.#text, this.#ids, { from, to });
  }
}

/** The beginning of a source, and all of it. */
async function peek(source: AsyncIterable<Uint8Array>) {
  const iterator = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  for (let bytes = 0; bytes < headBytes; ) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    first.push(value);
    bytes += value.byteLength;
  }
  const chunks = async function* () {
    try {
      yield* first;
      for (;;) {
        const { value, done } = await iterator.next();
        if (done === true) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  };
  return { head: Buffer.concat(first), chunks: chunks() };
}
