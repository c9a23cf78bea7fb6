import { gunzipSync, gzipSync } from 'node:zlib';

/**
 * Takes lines out of gzipped JSON lines.
 *
 * @param isGone of a parsed line
 * @returns the rest and how many they were; undefined if there is none of them
 */
export function withoutLines(
  bytes: Uint8Array,
  isGone: (line: Readonly<Record<string, unknown>>) => boolean,
): { readonly bytes: Uint8Array; readonly rows: number } | undefined {
  const lines = gunzipSync(bytes).toString().split('\n');
  const left = lines.filter((line) => line === '' || !isGone(JSON.parse(line)));
  const rows = lines.length - left.length;
  return rows === 0 ? undefined : { bytes: gzipSync(left.join('\n')), rows };
}

/** Whether a text has an id as a word of its own: with neither a letter nor a digit beside it. */
export function holdsWord(text: string, ids: Iterable<string>): boolean {
  for (const id of ids) {
    for (let at = text.indexOf(id); at !== -1; at = text.indexOf(id, at + 1)) {
      if (!isWordPart(text[at - 1]) && !isWordPart(text[at + id.length])) return true;
    }
  }
  return false;
}

const isWordPart = (character: string | undefined) =>
  character !== undefined && /[\p{L}\p{N}]/u.test(character);
