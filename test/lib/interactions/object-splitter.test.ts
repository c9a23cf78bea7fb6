import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValidationError } from '#lib/contracts/errors.ts';
import { createObjectSplitter } from '#lib/interactions/object-splitter.ts';
import { chunkSizes, chunksOf } from './arbitraries.ts';

function split(chunks: readonly Uint8Array[], firstLine = 1, maximumLineBytes = 1024) {
  const records: { text: string; line: number; next: number; length: number; problem: unknown }[] =
    [];
  const splitter = createObjectSplitter({ maximumLineBytes, firstLine }, (record) =>
    records.push({
      text: record.bytes.toString('utf8', record.start, record.end),
      line: record.line,
      next: record.nextOffset,
      length: record.length,
      problem: record.problem,
    }),
  );
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return records;
}

const object = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 2 }), {
  noNullPrototype: true,
});
const separator = fc.constantFrom('', '\n', ',', ', ', ',\r\n', '\n]\n[\n', '\uFEFF');
const file = fc
  .array(fc.tuple(object, fc.boolean(), separator), { minLength: 1, maxLength: 12 })
  .map((parts) => ({
    objects: parts.map(([value]) => value),
    bytes: Buffer.from(
      `[${parts.map(([value, pretty, after]) => JSON.stringify(value, null, pretty ? 1 : 0) + after).join('')}]`,
    ),
  }));

describe('Function: createObjectSplitter', () => {
  it('finds every object, whatever is in it, between them, and in which chunks it comes', () => {
    fc.assert(
      fc.property(file, chunkSizes, ({ objects, bytes }, sizes) => {
        const records = split(chunksOf(bytes, sizes), 1, 1e6);

        // As JSON has them: it writes -0 as 0.
        expect(records.map(({ text }) => JSON.parse(text))).toEqual(
          JSON.parse(JSON.stringify(objects)),
        );
        expect(records.map(({ line }) => line)).toEqual(objects.map((_, i) => i + 1));
        expect(records).toEqual(split([bytes], 1, 1e6));
      }),
    );
  });

  it('finds the same when begun again behind any of them', () => {
    fc.assert(
      fc.property(file, fc.nat(), ({ bytes }, pick) => {
        const whole = split([bytes], 1, 1e6);
        const at = whole[pick % whole.length]!;

        const rest = split([bytes.subarray(at.next)], at.line + 1, 1e6);

        expect(rest.map(({ text, line }) => [text, line])).toEqual(
          whole.slice(at.line).map(({ text, line }) => [text, line]),
        );
      }),
    );
  });

  it('keeps the beginning of an object that is too long', () => {
    const long = `{"a":"${'x'.repeat(5000)}"}`;

    for (const sizes of [[10_000], [7], [2000]]) {
      const records = split(chunksOf(Buffer.from(`{"b":1}${long}{"c":2}`), sizes));
      expect(records.map(({ text, length, problem }) => [text.length, length, problem])).toEqual([
        [7, 7, undefined],
        [1024, 5008, 'line-too-long'],
        [7, 7, undefined],
      ]);
    }
  });

  it('takes an object of just as many bytes as are allowed, and keeps no more of a longer one in memory', () => {
    const ten = '{"a":"xx"}';
    const eleven = '{"a":"xxx"}';
    const long = `{"a":"${'x'.repeat(500)}"}`;

    for (const size of [1, 3, 4, 10, 11, 21]) {
      const sizes: number[] = [];
      const found: unknown[] = [];
      const options = { maximumLineBytes: 10, firstLine: 1 };
      const splitter = createObjectSplitter(options, ({ bytes, start, end, length, problem }) => {
        sizes.push(bytes.length);
        found.push([bytes.toString('utf8', start, end), length, problem]);
      });
      for (const chunk of chunksOf(Buffer.from(ten + eleven + long + ten), [size])) {
        splitter.push(chunk);
      }
      splitter.end();
      expect(found).toEqual([
        [ten, 10, undefined],
        [eleven.slice(0, 10), 11, 'line-too-long'],
        [long.slice(0, 10), 508, 'line-too-long'],
        [ten, 10, undefined],
      ]);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(10 + 21);
    }
  });

  it('tells a bracket or quote within a text from others, in whatever chunks', () => {
    const objects = [{ a: '}' }, { a: '\\' }, { a: '"}{' }, { a: { b: [{}] } }, { '{': '\\"' }];
    const texts = objects.map((object) => JSON.stringify(object));

    for (const size of [1, 2, 3, 5, 7, 100]) {
      const records = split(chunksOf(Buffer.from(texts.join('')), [size]));
      expect(records.map(({ text }) => text)).toEqual(texts);
    }
  });

  it.each([
    ['[{"a":1}, 7]', 'object 2 does not begin with {'],
    ['{"a":1} x', 'object 2 does not begin with {'],
    ['{"a":1}\0', 'object 2 does not begin with {'],
    ['[{"a":1}, {"b": "]}', 'object 2 is not closed at the end of the file'],
    ['{"a": {"b": 1}', 'object 1 is not closed at the end of the file'],
  ])('makes %j unreadable', (text, message) => {
    expect(() => split([Buffer.from(text)])).toThrow(ValidationError);
    expect(() => split([Buffer.from(text)])).toThrow(message);
  });
});
