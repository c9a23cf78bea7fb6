import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readId } from '#lib/interactions/ids.ts';

describe('Function: readId', () => {
  it.each([
    ['a', 'a'],
    [' a b ', 'a b'],
    ['\t17', '17'],
    ['017\u0000', '017'],
    ['\u007fa\u0085', 'a'],
    ['a\u00a0', 'a'],
    ['a\u007f', 'a'],
    ['~!', '~!'],
    ['ä', 'ä'],
    [17, '17'],
    [1.5, '1.5'],
    [-0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['9007199254740993', '9007199254740993'],
    ['12345', '12345'],
  ])('reads %j', (value, id) => {
    expect(readId('user_id', value, 16)).toBe(id);
  });

  it.each([
    [2 ** 53, 'wrong-type', 'user_id is a number of more digits than can be kept'],
    ['', 'missing-field', 'user_id is empty'],
    [' \t', 'missing-field', 'user_id is empty'],
    ['12345678901234567', 'id-too-long', 'user_id has 17 characters; at most 16 are allowed'],
    ['a\ud800', 'not-utf8', 'user_id contains half a character'],
  ])('refuses %j', (value, reason, detail) => {
    const refused = readId('user_id', value, 16);

    expect(refused).toMatchObject({ reason });
    expect((refused as { detail: string }).detail).toContain(detail);
  });

  it('takes nothing off but blanks and control characters at both ends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const id = readId('item_id', text, 1000);
        if (typeof id !== 'string') return;

        expect(text).toContain(id);
        const [before, after] = [text.indexOf(id), text.length - text.indexOf(id) - id.length];
        expect(text.slice(0, before) + text.slice(text.length - after)).toMatch(
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken off
          /^[\s\u0000-\u001f\u007f-\u009f]*$/,
        );
        expect(readId('item_id', id, 1000)).toBe(id);
      }),
    );
  });
});
