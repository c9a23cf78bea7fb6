import { describe, expect, it } from 'vitest';
import { type Fitting, fitOn, fitOnStream, fitted, sideBySide } from '#lib/sequences/passes.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

const shards = [3, 1, 2].map(
  (rows) => ({ users: new Array(rows).fill('u') }) as unknown as SequenceShard,
);

/** Lists how many rows each shard has, as often as it is told to. */
function* listed(passes: number, seen: number[][] = []): Fitting<number[][]> {
  for (let pass = 0; pass < passes; pass++) {
    const rows: number[] = [];
    yield ({ users }) => {
      rows.push(users.length);
    };
    seen.push(rows);
  }
  return seen;
}

describe('Function: fitOn', () => {
  it('shows every shard in each pass, in their order', () => {
    expect(fitOn(shards, listed(2))).toEqual([
      [3, 1, 2],
      [3, 1, 2],
    ]);
  });
});

describe('Function: fitOnStream', () => {
  it('reads the rows anew for every pass, and not at all without one', async () => {
    // Arrange
    let reads = 0;
    async function* read() {
      reads++;
      yield* shards;
    }
    // Act and assess
    expect(await fitOnStream(read, listed(2))).toEqual([
      [3, 1, 2],
      [3, 1, 2],
    ]);
    expect(reads).toBe(2);
    expect(await fitOnStream(read, fitted('nothing'))).toBe('nothing');
    expect(reads).toBe(2);
  });

  it('ends with the error of a pass that cannot be read', async () => {
    // Arrange
    async function* read() {
      yield shards[0]!;
      throw new Error('gone');
    }
    // Act and assess
    const seen: number[][] = [];
    await expect(fitOnStream(read, listed(1, seen))).rejects.toThrow('gone');
    expect(seen).toEqual([]);
  });
});

describe('Function: sideBySide', () => {
  it('shares passes, has results in their place, and does not wait for those that are done', () => {
    // Arrange
    let passes = 0;
    const fitting = sideBySide([listed(1), fitted([]), listed(3), listed(2)]);
    function* counted(): Fitting<number[][][]> {
      for (let step = fitting.next(); ; step = fitting.next()) {
        if (step.done) return step.value;
        passes++;
        yield step.value;
      }
    }
    // Act
    const results = fitOn(shards, counted());
    // Assess
    expect(results.map((rows) => rows.length)).toEqual([1, 0, 3, 2]);
    expect(results.flat().every((rows) => rows.join() === '3,1,2')).toBe(true);
    expect(passes).toBe(3);
  });
});
