import { describe, expect, it } from 'vitest';
import { foreignFormat, isOpaque, isUtf16 } from '#lib/interactions/foreign-formats.ts';

const bytes = (...parts: readonly (string | number)[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
  );

describe('Function: foreignFormat', () => {
  it.each([
    ['bzip2', bytes('BZh9', 0xff)],
    ['bzip2', bytes('BZh9', 0x7f)],
    ['ORC', bytes('ORC', 8)],
    // Longer beginnings are no words of a header line.
    ['PDF', bytes('%PDF-1.4\n')],
    ['Parquet', bytes('PAR1')],
    ['HTML', bytes('\n <html>')],
    ['UTF-16', bytes('u', 0, 's', 0)],
    ['UTF-16', bytes(0, 'u', 0, 's')],
    ['UTF-32', bytes('u', 0, 0, 0, 's', 0, 0, 0)],
    ['UTF-32', bytes(0, 0, 0, 'u', 0, 0, 0, 's')],
  ])('tells %s', (what, head) => {
    expect(foreignFormat(head)).toContain(what);
  });

  it.each([
    ['a header line with tabs', bytes('ORC_ID\tuser_id~\n')],
    ['a header line', bytes('BZh,user_id\n')],
    ['a column that is called <html>', bytes('user_id,<html>\n')],
    ['one wide letter', bytes('a', 0, 'bc,d,e')],
    ['one wide letter at the end', bytes('ab,c', 0, 'd', 0)],
    ['nothing but zeros', Buffer.alloc(64)],
    ['half a wide letter', bytes('a', 0, 'b')],
    ['nothing', bytes()],
  ])('finds nothing in %s', (_, head) => {
    expect(foreignFormat(head)).toBeUndefined();
  });
});

describe('Functions: isOpaque, isUtf16', () => {
  it.each([
    ['a PDF', bytes('%PDF-1.4\n'), true, false],
    ['an archive', bytes('PK', 3, 4), true, false],
    ['what is compressed', bytes(0x1f, 0x8b), true, false],
    // Its text is searched as it is: what to do about it names other formats.
    ['UTF-16', bytes(0xff, 0xfe, 'u', 0), false, true],
    ['UTF-32', bytes(0xff, 0xfe, 0, 0), false, false],
    ['a tar archive', Buffer.concat([Buffer.alloc(257, 'a'), bytes('ustar')]), false, false],
    ['a page', bytes('<html>'), false, false],
    ['a header line', bytes('user_id,item_id\n'), false, false],
  ])('know %s', (_, head, isUnsearchable, isWide) => {
    expect([isOpaque(head), isUtf16(head)]).toEqual([isUnsearchable, isWide]);
  });
});
