import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRangePlanner } from '#lib/interactions/range-planner.ts';
import { chunkSizes, chunksOf, fileBytes, splitAll } from './arbitraries.ts';

const options = {
  framing: 'csv',
  carriageReturns: false,
  maximumLineBytes: 1024,
  firstLine: 1,
  skipBytes: 0,
} as const;
const splitting = { quotes: true, maximumLineBytes: 1024 };

function plan(chunks: readonly Buffer[], rangeBytes: number) {
  const planner = createRangePlanner({ ...options, rangeBytes });
  for (const chunk of chunks) planner.push(chunk);
  return planner.end();
}

describe('Function: createRangePlanner', () => {
  it('cuts at line ends, after at least the wanted number of bytes', () => {
    // Arrange
    const file = Buffer.from('header\n1234567890\n"a\nb"\nlast');

    // Act
    const ranges = plan([file], 12);

    // Assess
    expect(ranges).toStrictEqual([
      { start: 0, end: 18, firstLine: 1 },
      { start: 18, end: 28, firstLine: 3 },
    ]);
  });

  it('ends a range that has just the wanted number of bytes', () => {
    expect(plan([Buffer.from('12345\n12345\n1234\n')], 12).map(({ end }) => end)).toEqual([12, 17]);
  });

  it('refuses a file that ends inside an object', () => {
    const objects = { ...options, framing: 'objects', rangeBytes: 10 } as const;
    const planner = createRangePlanner(objects);
    planner.push(Buffer.from('{"a":1} {"b":'));

    expect(() => planner.end()).toThrow('object 2 is not closed at the end of the file');
  });

  it('begins behind what comes before the first row, and gives it to the first range', () => {
    // Arrange
    const file = Buffer.from('sep=,\nheader\n1234567890\n1234567890\n');
    const planner = createRangePlanner({ ...options, skipBytes: 13, firstLine: 3, rangeBytes: 20 });

    // Act
    for (const byte of file) planner.push(Buffer.from([byte]));

    // Assess
    expect(planner.end()).toStrictEqual([
      { start: 0, end: 24, firstLine: 3 },
      { start: 24, end: 35, firstLine: 4 },
    ]);
  });

  it('gives ranges that are the file when put together, for any file, chunks and size', () => {
    fc.assert(
      fc.property(fileBytes, chunkSizes, fc.integer({ min: 1, max: 300 }), (file, sizes, size) => {
        // Act
        const ranges = plan(chunksOf(file, sizes), size);

        // Assess
        const pieces = ranges.map(({ start, end }) => file.subarray(start, end));
        expect(Buffer.concat(pieces).equals(file)).toBe(true);
        expect(pieces.every((piece) => piece.length > 0)).toBe(true);
        for (const piece of pieces.slice(0, -1)) expect(piece.length).toBeGreaterThanOrEqual(size);
        expect(ranges).toStrictEqual(plan([file], size));
      }),
    );
  });

  it('gives ranges whose records are those of the file, line numbers included', () => {
    fc.assert(
      fc.property(fileBytes, fc.integer({ min: 1, max: 300 }), (file, size) => {
        // Act
        const ranges = plan([file], size);
        const records = ranges.flatMap(({ start, end, firstLine }) =>
          splitAll([file.subarray(start, end)], { ...splitting, firstLine }),
        );

        // Assess
        const relevant = ({ text, line, length, problem }: (typeof records)[number]) => ({
          text,
          line,
          length,
          problem,
        });
        const whole = splitAll([file], { ...splitting, firstLine: 1 });
        expect(records.map(relevant)).toStrictEqual(whole.map(relevant));
      }),
    );
  });
});
