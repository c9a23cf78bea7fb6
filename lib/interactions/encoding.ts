import type { FileLayout } from '#lib/contracts/config/columns.ts';
import { ValidationError } from '#lib/contracts/errors.ts';

type Encoding = FileLayout['encoding'];

/** Latin-1 as it is met with: with the letters that Windows adds, as the web reads it. */
const latin1 = new TextDecoder('windows-1252');

/** The text of bytes; of UTF-16 those that `asUtf8` has turned into UTF-8. */
export const decodeText = (bytes: Uint8Array, encoding: Encoding): string =>
  encoding === 'latin-1' ? latin1.decode(bytes) : Buffer.from(bytes).toString('utf8');

/**
 * Turns UTF-16 into UTF-8 as it comes; the byte order mark says which half of a character comes first, or where zeros
 * stand in its beginning. Everything else is passed on: Latin-1 has its line breaks and separators at the same bytes.
 *
 * @throws ValidationError when the bytes are no UTF-16
 */
export async function* asUtf8(
  chunks: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  where: string,
): AsyncGenerator<Uint8Array> {
  if (encoding !== 'utf-16') {
    yield* chunks;
    return;
  }
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let first: Uint8Array = new Uint8Array(0);
  try {
    for await (const chunk of chunks) {
      let bytes = chunk;
      if (decoder === undefined) {
        first = Buffer.concat([first, chunk]);
        if (first.length < 2) continue;
        const isBigEndian = first[0] === 0xfe ? first[1] === 0xff : first[0] === 0;
        decoder = new TextDecoder(isBigEndian ? 'utf-16be' : 'utf-16le', { fatal: true });
        bytes = first;
      }
      yield Buffer.from(decoder.decode(bytes, { stream: true }));
    }
    if (decoder !== undefined) yield Buffer.from(decoder.decode());
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ValidationError(
      `${where} is not UTF-16 text, as the configuration's "encoding" says.`,
      { cause },
    );
  }
}
