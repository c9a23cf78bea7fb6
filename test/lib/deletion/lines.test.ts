import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsWord } from '#lib/deletion/lines.ts';

/** Few characters, so that ids occur in texts: letters, digits, what may be in an id besides, and a letter of two units. */
const characters = fc.constantFrom('a', '1', '-', ' ', '\u00e9', '\u{1D49C}');
const id = fc.string({ unit: characters, minLength: 1, maxLength: 4 });
/** Ids that no text of these characters has, so that the way for many ids is taken. */
const strangers = Array.from({ length: 20 }, (_, number) => `z${number}`);

describe('Function: holdsWord', () => {
  it('finds the same in a text for few ids and for many', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: characters, maxLength: 30 }),
        fc.array(id, { minLength: 1, maxLength: 5 }),
        (text, ids) => {
          expect(holdsWord(text, new Set([...ids, ...strangers]))).toBe(
            holdsWord(text, new Set(ids)),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['user 17 left', '17', true],
    ['user 171 left', '17', false],
    ['a17', '17', false],
    ['17', '17', true],
    ['x-17-y', '17', true],
    ['x,u-1,y', 'u-1', true],
    ['x,u-12,y', 'u-1', false],
    ['\u{1D49C}17', '17', false],
    ['17\u{1D49C}', '17', false],
    ['a --- b', '---', true],
  ])('says of "%s" whether %s stands in it: %s', (text, word, expected) => {
    expect(holdsWord(text, new Set([word]))).toBe(expected);
    expect(holdsWord(text, new Set([word, ...strangers]))).toBe(expected);
  });
});
