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

/** From so many ids on a text is gone through once, word by word, in place of once for each id. */
const manyIds = 16;

/** Units beside a word that tell whether it is one: a letter may take both. */
export const besideWord = 2;

/**
 * Whether a text has an id as a word of its own: with neither a letter nor a digit beside it.
 *
 * @param within where in the text it has to lie; anywhere, unless given
 */
export function holdsWord(
  text: string,
  ids: ReadonlySet<string>,
  within: { readonly from: number; readonly to: number } = { from: 0, to: text.length },
): boolean {
  const isThere = (id: string, at: number) =>
    at >= within.from && at + id.length <= within.to && isAlone(text, at, id.length);
  if (ids.size >= manyIds) return holdsAnyWord(text, ids, isThere);
  for (const id of ids) if (holdsId(text, id, isThere)) return true;
  return false;
}

type IsThere = (id: string, at: number) => boolean;

function holdsId(text: string, id: string, isThere: IsThere): boolean {
  for (let at = text.indexOf(id); at !== -1; at = text.indexOf(id, at + 1)) {
    if (isThere(id, at)) return true;
  }
  return false;
}

/** Ids by their first run of letters and digits, which stands in the text as a run of its own. */
interface Words {
  readonly byFirst: ReadonlyMap<
    string,
    readonly { readonly id: string; readonly offset: number }[]
  >;
  readonly withoutAny: readonly string[];
}
const known = new WeakMap<ReadonlySet<string>, Words>();

function holdsAnyWord(text: string, ids: ReadonlySet<string>, isThere: IsThere): boolean {
  const words = known.get(ids) ?? wordsOf(ids);
  known.set(ids, words);
  const { byFirst, withoutAny } = words;
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    for (const { id, offset } of byFirst.get(word) ?? []) {
      const at = index - offset;
      if (text.startsWith(id, at) && isThere(id, at)) return true;
    }
  }
  return withoutAny.some((id) => holdsId(text, id, isThere));
}

function wordsOf(ids: ReadonlySet<string>): Words {
  const byFirst = new Map<string, { id: string; offset: number }[]>();
  const withoutAny: string[] = [];
  for (const id of ids) {
    const first = /[\p{L}\p{N}]+/u.exec(id);
    if (first === null) withoutAny.push(id);
    else {
      const others = byFirst.get(first[0]) ?? [];
      byFirst.set(first[0], [...others, { id, offset: first.index }]);
    }
  }
  return { byFirst, withoutAny };
}

const isAlone = (text: string, at: number, length: number) =>
  !/[\p{L}\p{N}]$/u.test(text.slice(Math.max(0, at - besideWord), at)) &&
  !/^[\p{L}\p{N}]/u.test(text.slice(at + length, at + length + besideWord));
