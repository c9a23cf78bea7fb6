import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsWord } from '#lib/deletion/lines.ts';
import { searchText, WordSearch } from '#lib/deletion/text.ts';

const characters = fc.constantFrom('a', '1', '-', ' ', '\u00e9', '\u{1D49C}');
const id = fc.string({ unit: characters, minLength: 1, maxLength: 4 });
const strangers = Array.from({ length: 20 }, (_, number) => `z${number}`);

const search = (bytes: Uint8Array, ...ids: readonly string[]) =>
  searchText(Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]), 'logs/x', new Set(ids));

describe('Class: WordSearch', () => {
  it.each([
    ['few ids', []],
    ['many', strangers],
  ])('finds in pieces what is in the whole text, of %s', (_, others) => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: characters, maxLength: 8 }), { maxLength: 8 }),
        fc.array(id, { minLength: 1, maxLength: 4 }),
        (pieces, ids) => {
          const all = new Set([...ids, ...others]);
          const words = new WordSearch(all);

          const isFound = pieces.some((piece) => words.push(piece)) || words.end();

          expect(isFound).toBe(holdsWord(pieces.join(''), all));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('Function: searchText', () => {
  const text = `${'row of somebody else\n'.repeat(200)}user Zo\u00eb-17 left`;

  it.each([
    ['plain text', Buffer.from(text)],
    ['gzip', gzipSync(text)],
    ['UTF-16 with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 without one', Buffer.from(text, 'utf16le')],
    ['gzipped UTF-16', gzipSync(Buffer.from(text, 'utf16le'))],
  ])('finds an id in %s', async (_, bytes) => {
    expect(await search(bytes, 'Zo\u00eb-17')).toEqual({ holds: true, isUnreadable: false });
    expect(await search(bytes, 'Zo\u00eb-1')).toEqual({ holds: false, isUnreadable: false });
  });

  it('goes through an object however large it is', async () => {
    // No text of this size fits into a string.
    const piece = Buffer.alloc(2 ** 20, 'others ');
    let sent = 0;
    const large = async function* () {
      for (; sent < 600; sent++) yield piece;
      yield Buffer.from(' 17 ');
    };

    expect(await searchText(large(), 'logs/x', new Set(['17']))).toEqual({
      holds: true,
      isUnreadable: false,
    });
    expect(sent).toBe(600);
  });

  it.each([
    ['a zip archive', Buffer.from('504b030414000000', 'hex')],
    ['bzip2', Buffer.from('425a683931415926535990ff00', 'hex')],
    ['half a gzip file', gzipSync(Buffer.from(text)).subarray(0, 60)],
  ])('says that it cannot read all of %s', async (_, bytes) => {
    expect(await search(bytes, '17')).toEqual({ holds: false, isUnreadable: true });
  });
});
