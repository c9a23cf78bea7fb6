import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvFields } from '#lib/interactions/csv.ts';
import { createRecordSplitter } from '#lib/interactions/records.ts';
import { chunkSizes, chunksOf, fileBytes, splitAll } from './arbitraries.ts';

const lines = { quotes: false, maximumLineBytes: 1024, firstLine: 1 };
const csv = { ...lines, quotes: true };
const texts = (file: string, options = csv) =>
  splitAll([Buffer.from(file)], options).map(({ text, line, problem }) => [text, line, problem]);

describe('Function: createRecordSplitter', () => {
  it('splits lines at either line break, with or without a last one', () => {
    expect(texts('a\r\nb\n\nc', lines)).toStrictEqual([
      ['a', 1, undefined],
      ['b', 2, undefined],
      ['', 3, undefined],
      ['c', 4, undefined],
    ]);
    expect(texts('a\n', lines)).toHaveLength(1);
    expect(texts('', lines)).toHaveLength(0);
  });

  it('takes quotes in JSON lines for text', () => {
    expect(texts('{"a": "\n', lines)).toStrictEqual([['{"a": "', 1, undefined]]);
  });

  it('keeps line breaks inside quoted CSV fields and counts them', () => {
    expect(texts('1,"a\nb ""c""\r\n",2\r\n3,d"e,"f"\n"last"')).toStrictEqual([
      ['1,"a\nb ""c""\r\n",2', 1, undefined],
      ['3,d"e,"f"', 4, undefined],
      ['"last"', 5, undefined],
    ]);
  });

  it.each([
    ['text after a closing quote', '1,"a"b,2\n3,4\n'],
    ['a carriage return after it, and no line break', '1,"a"\r,2\n3,4\n'],
    ['a quote that is never closed', '1,"a,2\n3,4\n'],
  ])('loses one line to %s', (_, file) => {
    expect(texts(file)).toStrictEqual([
      [file.split('\n')[0], 1, 'broken-csv'],
      ['3,4', 2, undefined],
    ]);
  });

  it('takes a carriage return at the very end for a part of the last line break', () => {
    expect(texts('1,"a"\r')).toStrictEqual([['1,"a"', 1, undefined]]);
    expect(texts('1,"a"\r\r')).toStrictEqual([['1,"a"\r', 1, 'broken-csv']]);
  });

  it('looks no further for a closing quote than a line may be long', () => {
    // Arrange
    const file = `1,"a\n${'filler\n'.repeat(200)}2,"b"\n`;

    // Act
    const records = texts(file);

    // Assess
    expect(records).toHaveLength(202);
    expect(records[0]).toStrictEqual(['1,"a', 1, 'broken-csv']);
    expect(records.at(-1)).toStrictEqual(['2,"b"', 202, undefined]);
  });

  it.each([lines, csv])(
    'keeps the beginning of a line that is too long, and its length',
    (options) => {
      // Arrange
      const long = 'x'.repeat(5000);

      // Act
      const records = splitAll([Buffer.from(`a\n${long}\nb\n${long}`)], options);

      // Assess
      expect(
        records.map(({ text, length, problem }) => [text.length, length, problem]),
      ).toStrictEqual([
        [1, 1, undefined],
        [1024, 5000, 'line-too-long'],
        [1, 1, undefined],
        [1024, 5000, 'line-too-long'],
      ]);
    },
  );

  it.each([
    ['lines', { ...lines, maximumLineBytes: 1024 }],
    ['CSV', csv],
    ['lines, nearly all too long', { ...lines, maximumLineBytes: 3 }],
    ['CSV, nearly all too long', { ...csv, maximumLineBytes: 3 }],
  ])('gives the same records for any chunks: %s', (_, options) => {
    fc.assert(
      fc.property(fileBytes, chunkSizes, (file, sizes) => {
        expect(splitAll(chunksOf(file, sizes), options)).toStrictEqual(splitAll([file], options));
      }),
    );
  });

  it.each([lines, csv, { ...csv, maximumLineBytes: 3 }])(
    'covers every byte and every line once',
    (options) => {
      fc.assert(
        fc.property(fileBytes, (file) => {
          // Act
          const records = splitAll([file], options);

          // Assess
          const last = records.at(-1);
          expect(last?.nextOffset ?? 0).toBe(file.length);
          const breaks = file.filter((byte) => byte === 10).length;
          const open = file.length > 0 && file.at(-1) !== 10 ? 1 : 0;
          expect((last?.nextLine ?? 1) - 1).toBe(breaks + open);
          records.forEach(({ line, nextOffset }, i) => {
            expect(line).toBe(records[i - 1]?.nextLine ?? 1);
            expect(nextOffset).toBeGreaterThan(records[i - 1]?.nextOffset ?? 0);
          });
        }),
      );
    },
  );

  it('gives the same records when begun again at any of them', () => {
    fc.assert(
      fc.property(fileBytes, fc.nat(), (file, pick) => {
        // Arrange
        const whole = splitAll([file], csv);
        const at = whole.length === 0 ? 0 : pick % whole.length;
        const { nextOffset, nextLine } = whole[at] ?? { nextOffset: 0, nextLine: 1 };

        // Act
        const first = splitAll([file.subarray(0, nextOffset)], csv);
        const second = splitAll([file.subarray(nextOffset)], { ...csv, firstLine: nextLine });

        // Assess
        const moved = second.map((record) => ({
          ...record,
          nextOffset: record.nextOffset + nextOffset,
        }));
        expect([...first, ...moved]).toStrictEqual(whole);
      }),
    );
  });
});

describe('Function: csvFields', () => {
  it('agrees with csv-parse on whatever a CSV writer writes', () => {
    const field = fc.oneof(
      fc.constantFrom('', 'a', 'with "quotes"', 'two\nlines', 'a,b', '"', '\r\n', ' '),
      fc.string(),
    );
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1 });
    const quoted = (value: string, always: boolean) =>
      always || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    fc.assert(
      fc.property(table, fc.boolean(), fc.constantFrom('\n', '\r\n'), (rows, always, end) => {
        // Arrange
        const text = rows.map((row) => row.map((value) => quoted(value, always)).join(',') + end);
        const bytes = Buffer.from(text.join(''));

        // Act
        const records = splitAll([bytes], csv);
        const fields = records.map(({ text }) => csvFields(Buffer.from(text, 'latin1').toString()));

        // Assess
        const reference = parse(bytes, { relax_column_count: true, record_delimiter: end });
        expect(fields).toStrictEqual(reference);
        expect(records.every(({ problem }) => problem === undefined)).toBe(true);
      }),
    );
  });

  it('ends for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ',', 'a') }), (text) => {
        expect(csvFields(text).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('Function: createRecordSplitter, for files whose lines end with a carriage return', () => {
  const old = { ...csv, carriageReturns: true };

  it('splits there, counts the lines of quoted fields, and leaves the chunks as they are', () => {
    // Arrange
    const chunk = Buffer.from('a,b\r1,"x\ry"\r3,4');
    const before = Buffer.from(chunk);

    // Act
    const records = splitAll([chunk], old);

    // Assess
    expect(records.map(({ text, line }) => [text, line])).toStrictEqual([
      ['a,b', 1],
      ['1,"x\ny"', 2],
      ['3,4', 4],
    ]);
    expect(chunk).toStrictEqual(before);
  });

  it('says where the next record begins', () => {
    const ends = splitAll([Buffer.from('a\rbc\r'), Buffer.from('d')], old);
    expect(ends.map(({ text }) => text)).toStrictEqual(['a', 'bc', 'd']);
  });
});

describe('Function: createRecordSplitter, of short lines', () => {
  const short = { ...lines, maximumLineBytes: 8 };
  const byte = fc.constantFrom('a', 'b', '\n', '\r', '"');
  const file = fc.array(byte, { maxLength: 60 }).map((bytes) => bytes.join(''));

  /** Line by line, as the text has them. */
  function expected(text: string, firstLine: number) {
    const parts = text.split('\n');
    if (parts.at(-1) === '') parts.pop();
    let offset = 0;
    return parts.map((line, at) => {
      offset = Math.min(offset + line.length + 1, text.length);
      const isLong = line.length > 8;
      return {
        text: isLong ? line.slice(0, 8) : line.replace(/\r$/, ''),
        line: firstLine + at,
        length: line.length,
        nextOffset: offset,
        nextLine: firstLine + at + 1,
        problem: isLong ? 'line-too-long' : undefined,
      };
    });
  }

  it('says of each line where it is, how long and what is wrong, in whatever chunks', () => {
    fc.assert(
      fc.property(file, fc.integer({ min: 1, max: 20 }), (text, size) => {
        const records = splitAll(chunksOf(Buffer.from(text), [size]), { ...short, firstLine: 7 });

        expect(records).toEqual(expected(text, 7));
      }),
    );
  });

  it('cuts CSV without quotes in the same way, and lines that end in \\r at these', () => {
    fc.assert(
      fc.property(file, fc.integer({ min: 1, max: 20 }), (text, size) => {
        const plain = text.replaceAll('"', 'c');
        const chunks = chunksOf(Buffer.from(plain), [size]);

        expect(splitAll(chunks, { ...short, quotes: true, separator: ',' })).toEqual(
          expected(plain, 1),
        );
        expect(splitAll(chunks, { ...short, carriageReturns: true })).toEqual(
          expected(plain.replaceAll('\r', '\n'), 1),
        );
      }),
    );
  });

  it('takes a quoted record of just as many bytes as are allowed, and no longer one', () => {
    const of = (text: string) =>
      [1, 3, 100].map((size) =>
        splitAll(chunksOf(Buffer.from(text), [size]), { ...short, quotes: true, separator: ',' }),
      );
    const eight = { text: '"a\n","c"', line: 1, length: 8, nextOffset: 9, nextLine: 3 };

    for (const records of of('"a\n","c"\nd')) {
      expect(records).toEqual([
        { ...eight, problem: undefined },
        { text: 'd', line: 3, length: 1, nextOffset: 10, nextLine: 4, problem: undefined },
      ]);
    }
    for (const records of of('"a\n","cc"')) {
      expect(records.map(({ text, problem }) => [text, problem])).toEqual([
        ['"a', 'broken-csv'],
        ['","cc"', 'broken-csv'],
      ]);
    }
    for (const records of of('"a\n","cc"\nd')) {
      expect(records.map(({ text, problem }) => [text, problem])).toEqual([
        ['"a', 'broken-csv'],
        ['","cc"', 'broken-csv'],
        ['d', undefined],
      ]);
    }
    for (const records of of('"aaaa"bb\nd')) {
      expect(records.map(({ text, problem }) => [text, problem])).toEqual([
        ['"aaaa"bb', 'broken-csv'],
        ['d', undefined],
      ]);
    }
    for (const records of of('"a\n",c\r\nd')) {
      expect(records.map(({ text, length, nextOffset }) => [text, length, nextOffset])).toEqual([
        ['"a\n",c', 7, 8],
        ['d', 1, 9],
      ]);
    }
  });

  it('gives a record once all of it is there, and keeps no more of a long one than is allowed', () => {
    const handedOn: [number, number][] = [];
    const splitter = createRecordSplitter(
      { ...short, quotes: true, separator: ',' },
      ({ bytes, line }) => handedOn.push([line, bytes.length]),
    );
    const linesAfter = (text: string) => {
      splitter.push(Buffer.from(text));
      return handedOn.splice(0);
    };

    expect(linesAfter('"a"\n"b')).toEqual([[1, 4]]);
    expect(linesAfter('\nc')).toEqual([]);
    expect(linesAfter('dddd\n')).toEqual([
      [2, 9],
      [3, 9],
    ]);
    expect(linesAfter('e'.repeat(99))).toEqual([]);
    expect(linesAfter('e\n"f"\n')).toEqual([
      [4, 8],
      [5, 4],
    ]);
    expect(linesAfter('1234567\n"a\n"')).toEqual([[6, 11]]);
    expect(linesAfter(',"c"\n')).toEqual([[7, 9]]);
    expect(linesAfter('g'.repeat(99))).toEqual([]);
    splitter.end();
    expect(handedOn).toEqual([[9, 8]]);
  });
});
