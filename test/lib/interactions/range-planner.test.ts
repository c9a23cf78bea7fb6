import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRangePlanner, readFirstRecord } from '#lib/interactions/range-planner.ts';
import { chunkSizes, chunksOf, fileBytes, splitAll } from './arbitraries.ts';

const options = { quotes: true, maximumLineBytes: 1024 };

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
    const { ranges, firstRecord, bytes } = plan([file], 12);

    // Assess
    expect(ranges).toStrictEqual([
      { start: 0, end: 18, firstLine: 1 },
      { start: 18, end: 28, firstLine: 3 },
    ]);
    expect(firstRecord?.toString()).toBe('header');
    expect(bytes).toBe(28);
  });

  it('gives ranges that are the file when put together, for any file, chunks and size', () => {
    fc.assert(
      fc.property(fileBytes, chunkSizes, fc.integer({ min: 1, max: 300 }), (file, sizes, size) => {
        // Act
        const { ranges } = plan(chunksOf(file, sizes), size);

        // Assess
        const pieces = ranges.map(({ start, end }) => file.subarray(start, end));
        expect(Buffer.concat(pieces).equals(file)).toBe(true);
        expect(pieces.every((piece) => piece.length > 0)).toBe(true);
        for (const piece of pieces.slice(0, -1)) expect(piece.length).toBeGreaterThanOrEqual(size);
        expect(ranges).toStrictEqual(plan([file], size).ranges);
      }),
    );
  });

  it('gives ranges whose records are those of the file, line numbers included', () => {
    fc.assert(
      fc.property(fileBytes, fc.integer({ min: 1, max: 300 }), (file, size) => {
        // Act
        const { ranges } = plan([file], size);
        const records = ranges.flatMap(({ start, end, firstLine }) =>
          splitAll([file.subarray(start, end)], { ...options, firstLine }),
        );

        // Assess
        const relevant = ({ text, line, length, problem }: (typeof records)[number]) => ({
          text,
          line,
          length,
          problem,
        });
        const whole = splitAll([file], { ...options, firstLine: 1 });
        expect(records.map(relevant)).toStrictEqual(whole.map(relevant));
      }),
    );
  });
});

describe('Function: readFirstRecord', () => {
  it('stops reading once it has the record', async () => {
    // Arrange
    let served = 0;
    async function* endless() {
      for (;;) {
        served++;
        yield Buffer.from(served === 3 ? 'c\nnext' : 'ab,');
      }
    }

    // Act
    const record = await readFirstRecord(endless(), options);

    // Assess
    expect(record?.toString()).toBe('ab,ab,c');
    expect(served).toBe(3);
  });

  it('takes a line without a line break, and tells an empty file', async () => {
    const of = async function* (...chunks: Buffer[]) {
      yield* chunks;
    };

    expect((await readFirstRecord(of(Buffer.from('only')), options))?.toString()).toBe('only');
    expect(await readFirstRecord(of(), options)).toBeUndefined();
  });
});
